import { z } from "zod";

/*
 * The restricted profile of the Pod Security Standards of Kubernetes 1.34, rule by rule in its order, the baseline's
 * first (kubernetes.io/docs/concepts/security/pod-security-standards). What is about Windows alone is one rule here.
 */

const seLinux = z.looseObject({
  type: z.string().optional(),
  user: z.string().optional(),
  role: z.string().optional(),
});
const appArmor = z.looseObject({ type: z.string() });
const seccomp = z.looseObject({ type: z.string() });
const windows = z.looseObject({ hostProcess: z.boolean().optional() });

const handler = z.looseObject({
  httpGet: z.looseObject({ host: z.string().optional() }).optional(),
  tcpSocket: z.looseObject({ host: z.string().optional() }).optional(),
});

const containerSpec = z.looseObject({
  name: z.string(),
  ports: z.array(z.looseObject({ hostPort: z.number().optional() })).default([]),
  livenessProbe: handler.optional(),
  readinessProbe: handler.optional(),
  startupProbe: handler.optional(),
  lifecycle: z.looseObject({ postStart: handler.optional(), preStop: handler.optional() }).optional(),
  securityContext: z
    .looseObject({
      privileged: z.boolean().optional(),
      allowPrivilegeEscalation: z.boolean().optional(),
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.number().optional(),
      capabilities: z
        .looseObject({ add: z.array(z.string()).default([]), drop: z.array(z.string()).default([]) })
        .optional(),
      procMount: z.string().optional(),
      seLinuxOptions: seLinux.optional(),
      appArmorProfile: appArmor.optional(),
      seccompProfile: seccomp.optional(),
      windowsOptions: windows.optional(),
    })
    .default({}),
});

const podSpec = z.looseObject({
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
  securityContext: z
    .looseObject({
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.number().optional(),
      sysctls: z.array(z.looseObject({ name: z.string() })).default([]),
      seLinuxOptions: seLinux.optional(),
      appArmorProfile: appArmor.optional(),
      seccompProfile: seccomp.optional(),
      windowsOptions: windows.optional(),
    })
    .default({ sysctls: [] }),
  initContainers: z.array(containerSpec).default([]),
  containers: z.array(containerSpec),
  ephemeralContainers: z.array(containerSpec).default([]),
});

type Pod = z.output<typeof podSpec>;
type PodContainer = z.output<typeof containerSpec>;

const safeSysctls = [
  ...["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"],
  ...["net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"],
  ...["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"],
  ...["net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
];
const volumeTypes = [
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"],
];
const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/** Names of the rules that a pod breaks, as the standard heads them. */
export function brokenRules(spec: unknown): readonly string[] {
  const pod = podSpec.parse(spec);
  const containers = [...pod.initContainers, ...pod.containers, ...pod.ephemeralContainers];
  return Object.entries(rules).flatMap(([rule, holds]) => (holds(pod, containers) ? [] : [rule]));
}

type Rule = (pod: Pod, containers: readonly PodContainer[]) => boolean;

/** A rule for the security contexts of the pod and of each container. */
function everywhere(holds: (context: Pod["securityContext"] | PodContainer["securityContext"]) => boolean): Rule {
  return ({ securityContext }, containers) =>
    [securityContext, ...containers.map((container) => container.securityContext)].every(holds);
}

function inContainers(holds: (context: PodContainer["securityContext"], container: PodContainer) => boolean): Rule {
  return (_, containers) => containers.every((container) => holds(container.securityContext, container));
}

const rules: Readonly<Record<string, Rule>> = {
  HostProcess: everywhere(({ windowsOptions }) => windowsOptions?.hostProcess !== true),
  "Host Namespaces": ({ hostNetwork, hostPID, hostIPC }) => ![hostNetwork, hostPID, hostIPC].includes(true),
  "Privileged Containers": inContainers(({ privileged }) => privileged !== true),
  Capabilities: inContainers(
    ({ capabilities }) =>
      capabilities?.drop.includes("ALL") === true && capabilities.add.every((name) => name === "NET_BIND_SERVICE"),
  ),
  "Host Ports": inContainers((_, { ports }) => ports.every(({ hostPort = 0 }) => hostPort === 0)),
  "Host Probes / Lifecycle Hooks": inContainers((_, container) =>
    [
      ...[container.livenessProbe, container.readinessProbe, container.startupProbe],
      ...[container.lifecycle?.postStart, container.lifecycle?.preStop],
    ].every((each) => (each?.httpGet?.host ?? "") === "" && (each?.tcpSocket?.host ?? "") === ""),
  ),
  AppArmor: everywhere(({ appArmorProfile }) => appArmorProfile?.type !== "Unconfined"),
  SELinux: everywhere(
    ({ seLinuxOptions: { type = "", user = "", role = "" } = {} }) =>
      seLinuxTypes.includes(type) && user === "" && role === "",
  ),
  "/proc Mount Type": inContainers(({ procMount = "Default" }) => procMount === "Default"),
  Sysctls: ({ securityContext }) => securityContext.sysctls.every(({ name }) => safeSysctls.includes(name)),
  "Volume Types": ({ volumes }) =>
    volumes.every((volume) => Object.keys(volume).every((key) => key === "name" || volumeTypes.includes(key))),
  "Privilege Escalation": inContainers(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false),
  "Running as Non-root": ({ securityContext }, containers) =>
    containers.every((container) => container.securityContext.runAsNonRoot ?? securityContext.runAsNonRoot ?? false),
  "Running as Non-root user": everywhere(({ runAsUser }) => runAsUser !== 0),
  Seccomp: ({ securityContext }, containers) =>
    containers.every((container) =>
      ["RuntimeDefault", "Localhost"].includes(
        (container.securityContext.seccompProfile ?? securityContext.seccompProfile)?.type ?? "",
      ),
    ) && [undefined, "RuntimeDefault", "Localhost"].includes(securityContext.seccompProfile?.type),
};

/** Every rule of the profile. */
export const restrictedRules: readonly string[] = Object.keys(rules);
