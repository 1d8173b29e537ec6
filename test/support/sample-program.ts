import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

/** Inputs of the sample's container that a test may change. */
export type SampleChange = Partial<Pick<docker.ContainerArgs, "command" | "envs" | "healthcheck" | "memory">> & {
  readonly config?: string;
};

/**
 * A small program with one of everything: a component, a provider, a network, an image, a volume, a generated secret
 * and a container that has the secret as a file. `test/fixtures/deployed-state.json` is what Pulumi 3.259 and its
 * plugins make of it: the inputs of a `pulumi preview` as the providers' checks left them, imported into a stack and
 * exported again with the secrets decrypted.
 */
export function sampleProgram({ config = "retention: 720h\n", ...change }: SampleChange = {}): void {
  const parent = new pulumi.ComponentResource("test:index:Sample", "sample");
  const provider = new docker.Provider("docker", { host: "unix:///var/run/docker.sock" }, { parent });
  const { result } = new RandomPassword(
    "password",
    { length: 32, special: false },
    { parent, protect: true, ignoreChanges: ["length", "special"] },
  );
  const network = new docker.Network("network", { name: "sample" }, { parent, provider });
  const image = new docker.RemoteImage("image", { name: "team/store:1.0", keepLocally: true }, { parent, provider });
  const volume = new docker.Volume(
    "data",
    { name: "sample_data", labels: [{ label: "stack", value: "sample" }] },
    { parent, provider, protect: true, ignoreChanges: ["labels"] },
  );
  new docker.Container(
    "store",
    {
      name: "sample-store",
      image: image.name,
      command: ["serve", "--fast"],
      envs: ["LEVEL=info", "MODE=fast"],
      uploads: [
        { file: "/etc/store.yaml", content: config, permissions: "0444" },
        { file: "/run/secrets/password", content: result, permissions: "0444" },
      ],
      ports: [{ internal: 80, external: 8000, ip: "127.0.0.1", protocol: "tcp" }],
      volumes: [{ volumeName: volume.name, containerPath: "/data" }],
      healthcheck: { tests: ["CMD", "check"], interval: "2s" },
      memory: 128,
      networksAdvanced: [{ name: network.name, aliases: ["store"] }],
      ...change,
    },
    { parent, provider, deleteBeforeReplace: true },
  );
}
