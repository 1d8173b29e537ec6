import type { Duplex } from "node:stream";
import { oneLine } from "../text.ts";
import { connectionThrough } from "../why/pipe.ts";
import type { Language } from "../why/sdks.ts";
import { imageVariables, languageOf } from "../why/service-process.ts";
import type { Cluster } from "./cluster.ts";
import { endedInPod, startInPod, type PodContainer } from "./pod-command.ts";

/** What a command in a container has found there. */
export interface Inside {
  /** The tool that connections can be opened with; `undefined` if the image has none. */
  readonly tool: Tool | undefined;
  readonly language: Language | undefined;
}

type Tool = keyof typeof tools;

/**
 * Tools of images that open a connection, given its host and port, the smallest first: it shares the memory limit of the
 * service. That is why a runtime such as Node.js is not among them.
 */
const tools = {
  nc: ["nc"],
  bash: ["bash", "-c", 'exec 3<>"/dev/tcp/$0/$1" && { cat <&3 & cat >&3; }'],
} as const;

/** Their names, for the user to read. */
export const toolNames = Object.keys(tools).join(", ");

/** Looks at no value of a variable: only at which of those there are that official images have. */
const look = `for tool in ${Object.keys(tools).join(" ")}; do command -v "$tool" >/dev/null 2>&1 && echo "tool $tool"; done
for name in ${imageVariables.flatMap(([, names]) => names).join(" ")}; do eval "[ -z \\"\\\${$name+x}\\" ]" || echo "variable $name"; done
grep -q "Go buildinf:" /proc/1/exe 2>/dev/null && echo go
tr "\\000" "\\n" </proc/1/cmdline 2>/dev/null | while read -r argument; do echo "argument $argument"; done
true`;

/** How long looking may take, in milliseconds. */
const patienceMillis = 10_000;

/** Looks into a container by a command there. @returns why that cannot be done, if it cannot: an image may have no shell */
export async function lookInside(cluster: Cluster, at: PodContainer): Promise<Inside | { readonly notDone: string }> {
  const { failed, said } = await endedInPod(cluster, at, ["sh", "-c", look], "", patienceMillis);
  if (failed !== undefined) {
    return {
      notDone: /exec: "sh"/.test(failed) ? "its image has no sh" : `no command can be run in it: ${oneLine(failed)}`,
    };
  }
  const found = (kind: string): readonly string[] =>
    said.split("\n").flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  const [tool] = Object.keys(tools).filter((name): name is Tool => found("tool").includes(name));
  const env = Object.fromEntries(found("variable").map((name) => [name, ""]));
  const language = languageOf({ command: found("argument"), env });
  return { tool, language: language ?? (said.split("\n").includes("go") ? "go" : undefined) };
}

/** How long a tool lives at most, in seconds, where the image has `timeout`. */
const lifeSeconds = 20;

/** Opens a connection from a container by a tool of its image. @throws whatever keeps the tool from being started. */
export async function connectFromPod(
  cluster: Cluster,
  at: PodContainer,
  tool: Tool,
  host: string,
  port: number,
): Promise<Duplex> {
  const ending = `command -v timeout >/dev/null 2>&1 && set -- timeout ${lifeSeconds} "$@"; exec "$@"`;
  const command = ["sh", "-c", ending, "sh", ...tools[tool], host, String(port)];
  const { pipe, ended } = await startInPod(cluster, at, command);
  return connectionThrough(
    pipe,
    ended.then(({ status }) => status === "Success"),
  );
}

/**
 * A command for the user, which tries a connection from the network of a pod by an image that has busybox. It is not run
 * here: the container that it adds stays in the pod for as long as that lives.
 */
export function debugCommand(
  { context }: Pick<Cluster, "context">,
  { namespace, pod }: PodContainer,
  image: string,
  url: string,
): string {
  const { hostname, port } = new URL(url);
  return `kubectl --context ${context} --namespace ${namespace} debug ${pod} --attach --quiet --profile restricted --image ${image} -- sh -c 'busybox nc -w 5 ${hostname} ${port} </dev/null && echo reached'`;
}
