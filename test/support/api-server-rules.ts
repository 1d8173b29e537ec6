import { z } from "zod";
import { dns1123Label, dns1123Subdomain, isAnnotationKey, labelValue } from "../../config/kubernetes-rules.ts";
import { domainName, isIpAddress, mostAnnotationBytes, qualifiedName } from "../../config/kubernetes-rules.ts";
import { tolerationFault } from "../../config/kubernetes-rules.ts";
import { isImageReference } from "../../config/rules.ts";
import { kindOf } from "./kubernetes-schema.ts";

/*
 * What the API server says of an object beyond its schema, which has no pattern: its own rules for names, labels,
 * annotations, keys, pods and hosts (k8s.io/kubernetes, pkg/apis/core/validation and pkg/apis/networking/validation).
 */

const texts = z.record(z.string(), z.string()).default({});

const metadata = z.looseObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  labels: texts,
  annotations: texts,
});

const pod = z.looseObject({
  imagePullSecrets: z.array(z.object({ name: z.string() })).default([]),
  nodeSelector: texts,
  tolerations: z
    .array(
      z.looseObject({
        key: z.string().optional(),
        operator: z.enum(["Exists", "Equal"]).optional(),
        value: z.string().optional(),
      }),
    )
    .default([]),
  containers: z.array(
    z.looseObject({
      name: z.string(),
      image: z.string(),
      env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
      volumeMounts: z.array(z.looseObject({ mountPath: z.string() })).default([]),
    }),
  ),
});

const object = z.looseObject({
  metadata,
  data: texts,
  stringData: texts,
  spec: z
    .looseObject({
      storageClassName: z.string().optional(),
      ingressClassName: z.string().optional(),
      rules: z.array(z.looseObject({ host: z.string().optional() })).optional(),
      tls: z.array(z.looseObject({ hosts: z.array(z.string()), secretName: z.string() })).default([]),
      template: z.looseObject({ metadata, spec: pod }).optional(),
    })
    .optional(),
});

/** A value, whether it is right, and what it is. */
type Verdict = readonly [what: string, value: string, isRight: boolean];

/** What is wrong with an object, a line each. */
export function ruleProblems(given: Readonly<Record<string, unknown>>): readonly string[] {
  const { metadata: own, data, stringData, spec } = object.parse(given);
  const { template, storageClassName, ingressClassName, rules = [], tls = [] } = spec ?? {};
  const files = Object.entries({ ...data, ...stringData });
  const hosts = [
    ...rules.flatMap(({ host = "" }) => (host === "" ? [] : [host])),
    ...tls.flatMap((each) => each.hosts),
  ];
  const bytes = files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  const verdicts: readonly Verdict[] = [
    ...metadataVerdicts(own, kindOf(given)),
    ...files.flatMap(([key, text]): Verdict[] => [
      ["key", key, /^(?!\.\.?$)(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key)],
      ["text", text, text.isWellFormed()],
    ]),
    ["size of the data", String(bytes), bytes <= 1024 * 1024],
    ...[storageClassName, ingressClassName, ...tls.map(({ secretName }) => secretName)].flatMap((name): Verdict[] =>
      name === undefined ? [] : [["name", name, dns1123Subdomain.pattern.test(name)]],
    ),
    ...hosts.map((host): Verdict => ["host", host, domainName.pattern.test(host) && !isIpAddress(host)]),
    ...(template === undefined ? [] : [...metadataVerdicts(template.metadata, "Pod"), ...podVerdicts(template.spec)]),
  ];
  return verdicts.filter(([, , isRight]) => !isRight).map(([what, value]) => `${kindOf(given)} ${what}: ${value}`);
}

function metadataVerdicts(
  { name, namespace, labels, annotations }: z.output<typeof metadata>,
  kind: string,
): Verdict[] {
  const rule = kind.endsWith(" Namespace") ? dns1123Label : dns1123Subdomain;
  const bytes = Buffer.byteLength(Object.entries(annotations).flat().join(""));
  return [
    ...(name === undefined ? [] : [["name", name, rule.pattern.test(name)] as const]),
    ...(namespace === undefined ? [] : [["namespace", namespace, dns1123Label.pattern.test(namespace)] as const]),
    ...labelVerdicts(labels),
    ...Object.entries(annotations).flatMap(([key, value]): Verdict[] => [
      ["annotation", key, isAnnotationKey(key)],
      ["value of an annotation", value, value.isWellFormed() && !value.includes("\0")],
    ]),
    ["size of the annotations", String(bytes), bytes <= mostAnnotationBytes],
  ];
}

function labelVerdicts(labels: Readonly<Record<string, string>>): Verdict[] {
  return Object.entries(labels).flatMap(([key, value]): Verdict[] => [
    ["label", key, qualifiedName.pattern.test(key)],
    ["value of a label", value, labelValue.pattern.test(value)],
  ]);
}

function podVerdicts({ imagePullSecrets, nodeSelector, tolerations, containers }: z.output<typeof pod>): Verdict[] {
  const secrets = imagePullSecrets.map(({ name }) => name);
  return [
    ...secrets.map((name): Verdict => ["pull secret", name, dns1123Subdomain.pattern.test(name)]),
    ["pull secrets, each once", secrets.join(), new Set(secrets).size === secrets.length],
    ...labelVerdicts(nodeSelector),
    ...tolerations.flatMap((toleration): Verdict[] => [
      ["toleration", JSON.stringify(toleration), tolerationFault(toleration) === undefined],
      [
        "key of a taint",
        toleration.key ?? "",
        ["", undefined].includes(toleration.key) || qualifiedName.pattern.test(toleration.key ?? ""),
      ],
      ["value of a taint", toleration.value ?? "", labelValue.pattern.test(toleration.value ?? "")],
    ]),
    ...containers.flatMap(({ name, image, env, volumeMounts }): Verdict[] => [
      ["container", name, dns1123Label.pattern.test(name)],
      ["image", image, isImageReference(image)],
      ...env.flatMap((variable): Verdict[] => [
        ["variable", variable.name, /^[ -<>-~]+$/.test(variable.name)],
        [
          "value of a variable",
          variable.value ?? "",
          (variable.value ?? "").isWellFormed() && !variable.value?.includes("\0"),
        ],
      ]),
      ["variables, each once", name, new Set(env.map((variable) => variable.name)).size === env.length],
      ...volumeMounts.map(({ mountPath }): Verdict => ["path of a mount", mountPath, !mountPath.includes(":")]),
      [
        "paths of mounts, each once",
        name,
        new Set(volumeMounts.map(({ mountPath }) => mountPath)).size === volumeMounts.length,
      ],
    ]),
  ];
}
