/*
 * Who may import whom, checked by `npm run check` and by test/architecture.test.ts, which also shows for each rule that
 * it can fail. Paths of npm packages begin with `node_modules/` if they are installed and with their own name if not.
 */

/** @param {string} name a package or the beginning of one @returns {string} */
const npm = (name) => `(^|node_modules/)${name}`;

/** Files that something starts from outside: the Pulumi program, npm scripts, the bundler's entries. */
const entryPoints = [
  "^index\\.ts$",
  "^components/testing\\.ts$",
  "^cli/commands/",
  "^packages/telemetry/src/(index|register|testing/index)\\.ts$",
  "^packages/telemetry/build/(build|write-api|write-readme)\\.ts$",
  "^instrumentation/build\\.ts$",
  "^(canary|disk-guard)/main\\.mjs$",
  "^services/(main|build|healthcheck/healthcheck)\\.ts$",
];

/** What looks at the program itself, since it starts no engine. */
const previewCommand = "^cli/(commands/preview\\.ts$|preview/)";

/** What reads the files of a program and the folders that its settings name. */
const readers = "^config/(build-context|program-files|grafana/dashboard-folder)\\.ts$";

/** What reads files of this repository that are in a container: the same for everybody. */
const ownFiles = "^config/(node-script|grafana/alerting/runbook-pages)\\.ts$";

/** What all parts are made with; everything else in its folder is a part. */
const ofAllParts = "^config/parts/(part|parts|exporters|own-metrics|processes|script-part|targets)\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "docker-only-in-its-platform",
      comment: "Everything else describes a workload; what Docker makes of it is the platform's business.",
      severity: "error",
      from: { pathNot: "^components/platform/docker/" },
      to: { path: npm("@pulumi/docker(-build)?(/|$)") },
    },
    {
      name: "one-place-chooses-the-platform",
      comment: "A platform is created by create-platform.ts, by the settings, and known to nobody else.",
      severity: "error",
      from: { pathNot: ["^components/platform/(docker|kubernetes)/", "^components/platform/create-platform\\.ts$"] },
      to: { path: "^components/platform/(docker|kubernetes)/" },
    },
    {
      name: "platforms-apart",
      comment: "Images are built with Docker wherever they run; beyond that the platforms know nothing of each other.",
      severity: "error",
      from: { path: "^components/platform/(docker|kubernetes)/" },
      to: {
        path: "^components/platform/(docker|kubernetes)/",
        pathNot: ["^components/platform/$1/", "^components/platform/docker/docker-images\\.ts$"],
      },
    },
    {
      name: "kubernetes-only-in-its-platform",
      comment: "See docker-only-in-its-platform.",
      severity: "error",
      from: { pathNot: "^components/platform/kubernetes/" },
      to: { path: npm("@pulumi/kubernetes(/|$)") },
    },
    {
      name: "platforms-know-no-backend",
      comment: "A platform renders any workload alike.",
      severity: "error",
      from: { path: "^components/platform/" },
      to: { path: "^components/", pathNot: "^components/platform/" },
    },
    {
      name: "parts-know-no-other-part",
      comment: "They are told of each other by the list of all, in their context; only parts.ts names them.",
      severity: "error",
      from: { path: "^config/parts/", pathNot: ofAllParts },
      to: { path: "^config/parts/", pathNot: "^config/parts/(part|exporters|own-metrics|script-part|targets)\\.ts$" },
    },
    {
      name: "config-is-pure",
      comment: "Plain values in, plain values or text out: testable without Pulumi and the same at preview.",
      severity: "error",
      from: { path: "^config/", pathNot: [readers, ownFiles] },
      to: {
        pathNot: [
          "^config/",
          npm("(@grafana/grafana-foundation-sdk|fastest-levenshtein|yaml|zod)(/|$)"),
          "^(node:)?(path|zlib)$",
        ],
      },
    },
    {
      name: "config-reads-no-files",
      comment: "What reads the files that settings name is apart: whoever validates settings hands it over.",
      severity: "error",
      from: { path: "^config/", pathNot: readers },
      to: { path: readers },
    },
    {
      name: "config-files-read-only",
      comment: "They read; what it means is said by the rest of config/.",
      severity: "error",
      from: { path: [readers, ownFiles] },
      to: { pathNot: ["^config/", "^(node:)?(path|fs)$"] },
    },
    {
      name: "config-without-pulumi",
      comment: "See config-is-pure; a rule of its own so that the message says it.",
      severity: "error",
      from: { path: "^config/" },
      to: { path: npm("@pulumi/") },
    },
    {
      name: "components-without-command-line",
      comment: "They are used by other programs, which have a command line of their own.",
      severity: "error",
      from: { path: "^(components|index\\.ts)" },
      to: { path: "^cli/" },
    },
    {
      name: "command-line-without-components",
      comment: "It starts the engine, which runs the program; a second way in would find other resources.",
      severity: "error",
      from: { path: "^cli/", pathNot: previewCommand },
      to: { path: "^(components/|index\\.ts$)" },
    },
    {
      name: "preview-command-by-previews-only",
      comment: "It starts no engine: it hands the program to previewProgram, and prints what that returns.",
      severity: "error",
      from: { path: previewCommand },
      to: { path: "^components/", pathNot: "^components/preview/" },
    },
    {
      name: "infrastructure-and-services-apart",
      comment: "Only image names and environment variables cross. A service can be copied away as it is.",
      severity: "error",
      from: { path: "^(services|packages/telemetry)/" },
      to: { path: "^(components|config|cli)/|^index\\.ts$" },
    },
    {
      name: "services-and-infrastructure-apart",
      comment: "See infrastructure-and-services-apart, the other way.",
      severity: "error",
      from: { path: "^(components|config|cli)/|^index\\.ts$" },
      to: { path: ["^(services|packages/telemetry)/", npm("@observability/telemetry(/|$)")] },
    },
    {
      name: "canary-alone",
      comment: "Its files run in a container with nothing but Node.js.",
      severity: "error",
      from: { path: "^canary/" },
      to: { pathNot: ["^canary/", "^(node:)?(crypto|http|timers/promises)$"] },
    },
    {
      name: "disk-guard-alone",
      comment: "Its files run in a container with nothing but Node.js, and what it has in common with the canary.",
      severity: "error",
      from: { path: "^disk-guard/" },
      to: {
        pathNot: ["^disk-guard/", "^canary/(ask|process|report|troubles)\\.mjs$", "^(node:)?(fs/promises|path)$"],
      },
    },
    {
      name: "telemetry-without-services",
      comment: "The library is used by services and knows none.",
      severity: "error",
      from: { path: "^packages/telemetry/" },
      to: { path: "^services/" },
    },
    {
      name: "telemetry-by-its-entries",
      comment: "The examples use the library as anybody would.",
      severity: "error",
      from: { path: "^services/" },
      to: { path: "^packages/telemetry/", pathNot: "^packages/telemetry/src/(index|register|testing/index)\\.ts$" },
    },
    {
      name: "product-without-tests",
      comment: "What is deployed must not need test code.",
      severity: "error",
      from: { path: "^(components|config|cli|services|packages/telemetry/src)/|^index\\.ts$", pathNot: "/test/" },
      to: { path: "^(test|bench)/|/test/" },
    },
    {
      name: "declared-dependencies-only",
      comment: "A package that is not in package.json, or only for development, is missing after `npm ci --omit=dev`.",
      severity: "error",
      from: {
        path: "^(components|config|cli|services|packages/telemetry/src)/|^index\\.ts$",
        // The bundler is run by the workspace's own scripts and declared there.
        pathNot: ["/test/", "^services/bundle\\.ts$"],
      },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "resolvable",
      comment: "An import of something that is not there.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-cycle",
      comment: "Of two modules that need each other, neither can be read, tested or moved alone.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "A module that no entry point reaches is dead code.",
      severity: "error",
      from: { path: entryPoints },
      to: {
        path: "^(components|config|cli|services|packages/telemetry/src)/",
        pathNot: [...entryPoints, "/test/"],
        reachable: false,
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(services|packages/telemetry)/dist/" },
    // Type imports count: a type name of @pulumi/docker is one as well.
    tsPreCompilationDeps: true,
    // Without these, packages that say what they export are not found.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@observability/source", "import", "require", "node", "default"],
    },
  },
};
