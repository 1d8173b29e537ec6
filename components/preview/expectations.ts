import { AssertionError } from "node:assert";
import type { ProgramPreview } from "./preview-program.ts";
import { knownSecrets } from "./preview-program.ts";
import type { PreviewResource } from "./record-program.ts";
import { exportedDeployment, losses, type Loss } from "./replacements.ts";
import { secretLooks } from "../../config/secret-looks.ts";
import { secretValue, unknownValue, type PreviewValue } from "./values.ts";

/** What may be lost all the same. */
export interface NoReplaceOptions {
  /** Types, names or URNs of resources that may be replaced or deleted. @default none */
  readonly allowed?: readonly string[];
}

/** A preview, as far as its resources are looked at. */
type Resources = Pick<ProgramPreview, "resources">;

/**
 * Asserts that deploying a program over what is deployed would replace and delete nothing: containers and images too, whose new
 * version is a new container, unless they are allowed to. What the providers of Docker, Kubernetes and random replace on is known;
 * any change of another provider's resource fails, since it may replace it. Neither Pulumi's engine nor a provider is asked, and
 * aliases are not read: what was renamed counts as deleted.
 *
 * @param state what `pulumi stack export` prints, as text or parsed. Without `--show-secrets` a secret counts as unchanged.
 * @throws AssertionError that names each resource and each input that would do it; Error if the state is something else
 *
 * @example
 * expectNoReplace(await preview(), readFileSync("state.json", "utf8"), { allowed: ["docker:index/container:Container"] });
 */
export function expectNoReplace(
  { resources }: Resources,
  state: unknown,
  { allowed = [] }: NoReplaceOptions = {},
): void {
  const lost = losses(resources, exportedDeployment(state)).filter(
    ({ urn, type, name }) => ![urn, type, name].some((word) => allowed.includes(word)),
  );
  fail("must be neither replaced nor deleted", lost.map(lossLine));
}

function lossLine({ type, name, kind, inputs }: Loss): string {
  const by = inputs.join(", ");
  const what = {
    deleted: "would be deleted, since the program no longer has it",
    replaced: `would be replaced by a change of ${by}`,
    unknown: `may be replaced by a change of ${by}, which only its provider knows`,
  };
  return `${type} ${name} ${what[kind]}`;
}

/**
 * Asserts which ports of the user's machine a program opens, and that nothing beyond this machine reaches them: those of the
 * stack, of services, and of every other container of the program.
 *
 * @param expected name of the workload, or of the container's resource, by each port
 * @throws AssertionError with each port that is missing, one too many, somebody else's or open to other machines
 *
 * @example
 * expectPorts(await preview(), { 3000: "grafana", 8085: "checkout" });
 */
export function expectPorts(
  preview: Pick<ProgramPreview, "resources" | "ports">,
  expected: Readonly<Record<number, string>>,
): void {
  const open = openPorts(preview);
  const opened = open.flatMap(({ port, owner, host }) => {
    const wanted = port === "any" ? undefined : expected[port];
    const leadsTo = `leads to ${owner}`;
    const where = `port ${port}`;
    return [
      ...(wanted === owner ? [] : [`${where} ${leadsTo}, expected ${wanted === undefined ? "no such port" : wanted}`]),
      ...(isLoopback(host) ? [] : [`${where} ${leadsTo} and is open on ${host}, expected 127.0.0.1`]),
    ];
  });
  const missing = Object.entries(expected)
    .filter(([port]) => !open.some((one) => String(one.port) === port))
    .map(([port, owner]) => `port ${port} is not open, expected it to lead to ${owner}`);
  fail("must be the ports that are expected", [...opened, ...missing]);
}

interface OpenPort {
  /** `any` if Docker chooses one. */
  readonly port: number | "any";
  readonly owner: string;
  /** Address that it listens on. */
  readonly host: string;
}

function openPorts({ resources, ports }: Pick<ProgramPreview, "resources" | "ports">): readonly OpenPort[] {
  const ofWorkloads = ports.map(({ hostPort, address, workload }) => ({
    ...{ port: hostPort, owner: workload, host: address.replace(/:\d+$/, "") },
  }));
  const ofContainers = resources.filter(({ type }) => type === "docker:index/container:Container").flatMap(portsOf);
  const others = ofContainers.filter(({ port }) => !ofWorkloads.some((one) => one.port === port));
  return [...ofWorkloads, ...others];
}

function portsOf({ name, inputs }: PreviewResource): readonly OpenPort[] {
  const { ports } = inputs;
  if (!Array.isArray(ports)) return [];
  return (ports as readonly Readonly<Record<string, PreviewValue>>[]).map(({ external, ip }) => ({
    port: typeof external === "number" ? external : "any",
    owner: name,
    // What Docker does without one.
    host: typeof ip === "string" ? ip : "0.0.0.0",
  }));
}

function isLoopback(host: string): boolean {
  return /^127\.|^(\[::1\]|::1|localhost)$/.test(host);
}

/** What else is a secret. */
export interface NoSecretsOptions {
  /** Texts that must not be in plain sight, beside those that the program marks. @default none */
  readonly secrets?: readonly string[];
  /** Paths of values that look like a secret and are none, as the error has them. @default none */
  readonly allowed?: readonly string[];
}

/**
 * Asserts that no secret is in an input of a resource in plain sight: no text that the program marks as secret anywhere (of 8
 * characters or more wherever it is part of a value, of fewer as a whole value; as it stands and in base64), no private key,
 * no token of a well-known form, no login in an address, and no value under a name such as `DB_PASSWORD`.
 *
 * @throws AssertionError with the path of each such value, and without its text
 *
 * @example
 * expectNoSecrets(await preview(), { secrets: [process.env["LICENCE_KEY"] ?? ""] });
 */
export function expectNoSecrets(preview: Resources, { secrets = [], allowed = [] }: NoSecretsOptions = {}): void {
  const known = [...knownSecrets(preview), ...secrets].filter((text) => text !== "");
  const found = preview.resources.flatMap(({ type, name, inputs }) =>
    texts(inputs).flatMap(({ path, key, text }) => {
      const reason = known.some((secret) => shows(text, secret)) ? "has the text of a secret" : secretLooks(key, text);
      const where = `${type} ${name}: ${path}`;
      return reason === undefined || allowed.includes(where) ? [] : [`${where} ${reason}`];
    }),
  );
  fail("must have no secret in plain sight; hand it over as pulumi.secret, secretEnv or secretFiles", found);
}

function shows(text: string, secret: string): boolean {
  if (secret.length < 8) return text === secret;
  return text.includes(secret) || text.includes(Buffer.from(secret).toString("base64").replace(/=+$/, ""));
}

interface Text {
  readonly path: string;
  /** Name that it has, of a variable for instance. */
  readonly key: string;
  readonly text: string;
}

/** Every text in a value, with its path. */
function texts(value: PreviewValue, path = "", key = ""): readonly Text[] {
  if (value === secretValue || value === unknownValue) return [];
  if (typeof value === "string") {
    // Docker has variables as `NAME=value`.
    const [, name = "", rest = ""] = /^([A-Za-z_]\w*)=([^]*)$/.exec(value) ?? [];
    return name === "" ? [{ path, key, text: value }] : [{ path: `${path} ${name}`, key: name, text: rest }];
  }
  if (Array.isArray(value)) {
    return (value as readonly PreviewValue[]).flatMap((entry, index) => texts(entry, `${path}[${index}]`, key));
  }
  if (typeof value !== "object" || value === null) return [];
  const fields = value as Readonly<Record<string, PreviewValue>>;
  // Kubernetes has variables as `{ name, value }`.
  const { name, value: own } = fields;
  if (typeof name === "string" && typeof own === "string") return [{ path: `${path} ${name}`, key: name, text: own }];
  return Object.entries(fields).flatMap(([field, entry]) =>
    texts(entry, path === "" ? field : `${path}.${field}`, field),
  );
}

function fail(rule: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  throw new AssertionError({ message: [`the preview ${rule}, got ${lines.length}:`, ...lines].join("\n  ") });
}
