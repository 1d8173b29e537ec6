import { probesOf } from "../../components/platform/probes.ts";
import type { Workload } from "../../components/platform/workload.ts";

/**
 * The part of a platform that reads a field: `container` is the mapping to one container's arguments or to the template of a pod,
 * `around` is everything else it creates and returns.
 */
export type ReadingPart = "container" | "around";

/** A platform by the name that the contract suite has for it. */
export type PlatformName = "Docker" | "Kubernetes";

/** One fault: the renderer takes a field's neutral value in one place instead of the workload's. */
export interface Mutant {
  readonly platform: PlatformName;
  readonly field: keyof Workload;
  readonly place: ReadingPart;
}

/** What each field is when it is left out. A field that is added to {@link Workload} does not compile until it is here. */
const neutral: Workload = {
  name: "absent",
  image: { kind: "reference", reference: "absent:0" },
  args: [],
  env: {},
  configFiles: [],
  secretFiles: [],
  check: "none",
  ports: [],
  dataVolumes: [],
  sharedFiles: [],
  imageMounts: [],
  initSteps: [],
  scratchPaths: [],
  probes: probesOf({
    port: 1,
    httpPath: "/",
    selfCheck: "none",
    intervalSeconds: 0,
    startPeriodSeconds: 0,
    gates: false,
  }),
  memoryMib: 0,
  memoryRequestMib: "all",
  cpuRequestMillicores: "default",
  cpuLimitMillicores: "none",
  userId: 0,
  groupId: 0,
  stopGraceSeconds: 0,
  replicas: 1,
  kubernetes: {},
  docker: {},
  readsInstances: false,
};

const places: Readonly<Record<PlatformName, Readonly<Record<keyof Workload, readonly ReadingPart[]>>>> = {
  Docker: {
    name: ["around"],
    image: ["around"],
    args: ["container"],
    env: ["container"],
    configFiles: ["container", "around"],
    secretFiles: ["container", "around"],
    check: ["around"],
    ports: ["container", "around"],
    dataVolumes: ["around"],
    sharedFiles: ["around"],
    imageMounts: ["around"],
    initSteps: ["around"],
    scratchPaths: ["container", "around"],
    probes: ["container", "around"],
    memoryMib: ["container", "around"],
    memoryRequestMib: ["container"],
    cpuRequestMillicores: ["container"],
    cpuLimitMillicores: ["container"],
    userId: ["container", "around"],
    groupId: ["container", "around"],
    stopGraceSeconds: ["container", "around"],
    replicas: ["around"],
    kubernetes: [],
    docker: ["container"],
    readsInstances: [],
  },
  Kubernetes: {
    name: ["container", "around"],
    image: ["around"],
    args: ["container"],
    env: ["container"],
    configFiles: ["container", "around"],
    secretFiles: ["container", "around"],
    check: ["around"],
    ports: ["container", "around"],
    dataVolumes: ["around"],
    sharedFiles: ["container", "around"],
    imageMounts: ["around"],
    initSteps: ["around"],
    scratchPaths: ["container"],
    probes: ["container"],
    memoryMib: ["container"],
    memoryRequestMib: ["container"],
    cpuRequestMillicores: ["container"],
    cpuLimitMillicores: ["container"],
    userId: ["container"],
    groupId: ["container"],
    stopGraceSeconds: ["container", "around"],
    replicas: ["around"],
    kubernetes: ["container", "around"],
    docker: [],
    readsInstances: ["container", "around"],
  },
};

/** Every fault to try. */
export const mutants: readonly Mutant[] = (["Docker", "Kubernetes"] as const).flatMap((platform) =>
  Object.entries(places[platform]).flatMap(([field, where]) =>
    where.map((place) => ({ platform, field: field as keyof Workload, place })),
  ),
);

/** The variable that carries a {@link Mutant} as JSON into the process that runs the contract suite. */
export const mutantVariable = "OBSERVABILITY_TEST_MUTANT";

interface Edit {
  readonly file: string;
  readonly search: string;
  readonly replacement: string;
}

/** The source of a platform: where it creates and returns, and the mapping that it calls for that. */
const sources: Readonly<
  Record<PlatformName, { readonly around: string; readonly container: string; readonly call: string }>
> = {
  Docker: {
    around: "docker/docker-platform.ts",
    container: "docker/container-args.ts",
    call: "containerArgs(workload, ",
  },
  Kubernetes: {
    around: "kubernetes/kubernetes-platform.ts",
    container: "kubernetes/pod-template.ts",
    call: "podTemplate(workload, ",
  },
};

/** What a mutant changes in the source of its platform. */
export function edits({ platform, field, place }: Mutant): readonly Edit[] {
  const { around, container, call } = sources[platform];
  const dropped = `{ ...workload, ${field}: ${JSON.stringify(neutral[field])} }`;
  if (place === "container") {
    return [{ file: container, search: "} = workload;", replacement: `} = ${dropped};` }];
  }
  const run = "run(workload: Workload, options: WorkloadOptions): RunningWorkload {";
  const whole = 'Symbol.for("the whole workload")';
  return [
    {
      file: around,
      search: run,
      replacement: `${run} workload = Object.assign(${dropped}, { [${whole}]: workload });`,
    },
    { file: around, search: call, replacement: call.replace("workload", `Reflect.get(workload, ${whole})`) },
  ];
}

/** @throws Error if the source does not hold the text exactly once: the mutant would change nothing. */
export function apply(source: string, { file, search, replacement }: Edit): string {
  const [before, after, ...more] = source.split(search);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${file}: must hold \`${search}\` exactly once; change test/mutation/mutants.ts with it`);
  }
  return `${before}${replacement}${after}`;
}
