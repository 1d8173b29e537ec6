import { kubectl } from "./cluster.ts";

/** A program in a pod of its own, that counts as one of the stack's services to network policies. */
export interface ProgramPod {
  readonly namespace: string;
  readonly name: string;
  /** One in the cluster. */
  readonly image: string;
  readonly command: readonly string[];
  /** Fields of the container beside these. @default none */
  readonly container?: object;
  /** @default none */
  readonly volumes?: readonly object[];
}

/** The pod as the API server takes it, by the restricted Pod Security profile. */
function programPod({ namespace, name, image, command, container = {}, volumes = [] }: ProgramPod): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "observability/role": "service" } },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          command,
          ...container,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
      volumes,
    },
  };
}

/** Creates a pod, and what it needs, and waits until it is ready. */
export async function startPod(pod: ProgramPod, needed: readonly object[] = []): Promise<void> {
  const items = [...needed, programPod(pod)];
  await kubectl(["create", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await waitForPod(pod.namespace, pod.name, "--for=condition=Ready", 60);
}

/** Waits until a pod has ended well. */
export async function waitUntilEnded(namespace: string, name: string, seconds: number): Promise<void> {
  await waitForPod(namespace, name, "--for=jsonpath={.status.phase}=Succeeded", seconds);
}

async function waitForPod(namespace: string, name: string, condition: string, seconds: number): Promise<void> {
  await kubectl(["wait", "--namespace", namespace, `pod/${name}`, condition, `--timeout=${seconds}s`]);
}
