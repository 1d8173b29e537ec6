import assert from "node:assert/strict";
import fc from "fast-check";
import { problemLines } from "../../config/problem.ts";
import { judgedServiceArgs } from "../../config/service-args.ts";

const image = "registry.example.com/checkout:1.4.2";
const ports = [{ name: "http", port: 80 }];

function linesOf(given: object): readonly string[] {
  return problemLines(judgedServiceArgs({ image, ports, ...given }).problems);
}

const kubernetes = (value: object): readonly string[] => linesOf({ kubernetes: value });
const ingress = (value: object): readonly string[] =>
  kubernetes({ ingress: { host: "shop.example.com", insecure: true, ...value } });

describe("what a service has on one platform only", () => {
  it("has defaults where something is left out", () => {
    const given = { ingress: { host: "a.example.com", tlsSecretName: "tls" }, autoscaling: { maxReplicas: 3 } };
    const { args, problems } = judgedServiceArgs({ image, ports, kubernetes: given });
    assert.deepEqual(problems, []);
    assert.deepEqual(args.kubernetes, {
      ingress: {
        ...{ host: "a.example.com", path: "/", tlsSecretName: "tls", insecure: false, annotations: {} },
        controllerNamespace: "ingress-nginx",
      },
      autoscaling: { minReplicas: 1, maxReplicas: 3, cpuPercent: 80 },
    });
  });

  const refused: readonly (readonly [readonly string[], string])[] = [
    [ingress({ host: "10.0.0.1" }), "kubernetes.ingress.host: must be a host name, no IP address"],
    [ingress({ host: "" }), "kubernetes.ingress.host: must be a host name: at most 253"],
    [ingress({ insecure: false }), "kubernetes.ingress.tlsSecretName: must be set with a host, or what is sent"],
    [ingress({ port: "grpc" }), 'kubernetes.ingress.port: must lead to a port of the service, got "grpc"'],
    [
      linesOf({ ports: [], kubernetes: { ingress: { host: "a.b", insecure: true } } }),
      "kubernetes.ingress: must lead to a",
    ],
    [
      ingress({ className: "nginx", annotations: { "kubernetes.io/ingress.class": "nginx" } }),
      'kubernetes.ingress.annotations."kubernetes.io/ingress.class": must not be set together with',
    ],
    [
      kubernetes({ autoscaling: { minReplicas: 4, maxReplicas: 3 } }),
      "kubernetes.autoscaling.maxReplicas: must not have more",
    ],
    [
      linesOf({ replicas: 2, kubernetes: { autoscaling: { maxReplicas: 3 } } }),
      "replicas: must be left out with kubernetes.autoscaling, which sets it, got 2",
    ],
    [
      kubernetes({ serviceAccountName: "Shop" }),
      "kubernetes.serviceAccountName: must be at most 253 lower-case letters",
    ],
    [kubernetes({ spread: true }), "kubernetes.spread: must be one of preferred, required"],
    [kubernetes({ labels: { "a b": "c" } }), 'kubernetes.labels."a b": must have a name of at most 63'],
    [kubernetes({ labels: { a: "b c" } }), "kubernetes.labels.a: must be at most 63 letters"],
    [kubernetes({ annotations: { "/a": "b" } }), 'kubernetes.annotations."/a": must have a name of at most 63'],
    [linesOf({ docker: { networks: ["a", "a"] } }), "docker.networks.1: must be in the list once"],
    [linesOf({ docker: { networks: ["-a"] } }), "docker.networks.0: must be a name of letters, digits, _, . and -"],
    [
      linesOf({ docker: { restart: "never" } }),
      "docker.restart: must be one of unless-stopped, always, on-failure, no",
    ],
  ];
  for (const [lines, beginning] of refused) {
    it(`is refused: ${beginning}…`, () => {
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.ok(lines[0]?.startsWith(beginning), lines[0]);
    });
  }

  it("has a path of an Ingress that no part of leads above it, and that stands in an address as it is", () => {
    const segment = fc.string({ unit: fc.constantFrom(...Array.from("ab.~-_%?# /\\\"é$&'()*+,;=:@!")) });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const path = `/${segments.join("/")}`;
        if (ingress({ path }).length > 0) return;
        const { host, pathname, search, hash } = new URL(path, "http://shop.example.com");
        assert.deepEqual([host, pathname, search, hash], ["shop.example.com", path, "", ""]);
      }),
    );
    for (const path of ["/", "/a", "/a/", "/a/b.c", "/~user"]) assert.deepEqual(ingress({ path }), [], path);
    for (const path of ["", "a", "//a", "/../a", "/a/..", "/a b"]) assert.equal(ingress({ path }).length, 1, path);
  });
});
