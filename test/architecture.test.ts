import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseOptions } from "dependency-cruiser";
import extractDepcruiseOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import ts from "typescript";

const root = join(import.meta.dirname, "..");
/** What `npm run check` hands to dependency-cruiser. */
const cruised = [
  "index.ts",
  "config",
  "components",
  "cli",
  "canary",
  "disk-guard",
  "packages/telemetry/src",
  "services",
];

/** Violations of the rules in .dependency-cruiser.cjs, as `rule: from → to`. */
async function violations(baseDir: string, files: readonly string[]): Promise<string[]> {
  const options = await extractDepcruiseOptions(join(root, ".dependency-cruiser.cjs"));
  const { output } = await cruise([...files], { ...options, baseDir } satisfies ICruiseOptions);
  assert.ok(typeof output === "object");
  assert.ok(output.summary.totalCruised > 0);
  return output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
}

/** What breaks each rule: files by path, and the violations of it that they have to give. */
const offences: Readonly<Record<string, readonly { files: Readonly<Record<string, string>>; found: string }[]>> = {
  "docker-only-in-its-platform": [
    {
      files: {
        "components/stack-part.ts": 'import * as docker from "@pulumi/docker";',
        ...installed("@pulumi/docker", "dependencies"),
      },
      found: "components/stack-part.ts → node_modules/@pulumi/docker/index.js",
    },
    {
      files: {
        "components/platform/workload.ts": 'import type { ContainerArgs } from "@pulumi/docker";',
        ...installed("@pulumi/docker", "dependencies"),
      },
      found: "components/platform/workload.ts → node_modules/@pulumi/docker/index.js",
    },
    {
      files: {
        "index.ts": 'export { Container } from "@pulumi/docker/container.js";',
        ...installed("@pulumi/docker", "dependencies"),
        "node_modules/@pulumi/docker/container.js": "",
      },
      found: "index.ts → node_modules/@pulumi/docker/container.js",
    },
  ],
  "kubernetes-only-in-its-platform": [
    {
      files: {
        "components/stack-part.ts": 'import * as kubernetes from "@pulumi/kubernetes";',
        ...installed("@pulumi/kubernetes", "dependencies"),
      },
      found: "components/stack-part.ts → node_modules/@pulumi/kubernetes/index.js",
    },
  ],
  "platforms-apart": [
    {
      files: {
        "components/platform/kubernetes/kubernetes-platform.ts":
          'import "../docker/docker-images.ts"; import "../docker/container-args.ts";',
        "components/platform/docker/docker-images.ts": "",
        "components/platform/docker/container-args.ts": "",
      },
      found: "components/platform/kubernetes/kubernetes-platform.ts → components/platform/docker/container-args.ts",
    },
  ],
  "one-place-chooses-the-platform": [
    {
      files: {
        "components/observability-stack.ts": 'import { DockerPlatform } from "./platform/docker/docker-platform.ts";',
        "components/platform/create-platform.ts": 'import { DockerPlatform } from "./docker/docker-platform.ts";',
        "components/platform/docker/docker-platform.ts": "",
      },
      found: "components/observability-stack.ts → components/platform/docker/docker-platform.ts",
    },
  ],
  "platforms-know-no-backend": [
    {
      files: {
        "components/platform/docker/docker-platform.ts": 'import { StackPart } from "../../stack-part.ts";',
        "components/stack-part.ts": "",
      },
      found: "components/platform/docker/docker-platform.ts → components/stack-part.ts",
    },
  ],
  "parts-know-no-other-part": [
    {
      files: { "config/parts/grafana.ts": 'import { loki } from "./loki.ts";', "config/parts/loki.ts": "" },
      found: "config/parts/grafana.ts → config/parts/loki.ts",
    },
  ],
  "config-is-pure": [
    {
      files: {
        "config/resolve-images.ts": 'import { readFileSync } from "node:fs";\nimport { join } from "node:path";',
      },
      found: "config/resolve-images.ts → fs",
    },
    {
      files: {
        "config/resolve-images.ts": 'import type { Workload } from "../components/workload.ts";',
        "components/workload.ts": "",
      },
      found: "config/resolve-images.ts → components/workload.ts",
    },
  ],
  "config-reads-no-files": [
    {
      files: {
        "config/settings-and-defaults.ts": 'import "./build-context.ts";',
        "config/build-context.ts": 'import "node:fs";',
      },
      found: "config/settings-and-defaults.ts → config/build-context.ts",
    },
  ],
  "config-files-read-only": [
    {
      files: { "config/build-context.ts": 'import "node:child_process";' },
      found: "config/build-context.ts → child_process",
    },
  ],
  "config-without-pulumi": [
    {
      files: {
        "config/settings-and-defaults.ts": 'import type { Output } from "@pulumi/pulumi";',
        ...installed("@pulumi/pulumi", "dependencies"),
      },
      found: "config/settings-and-defaults.ts → node_modules/@pulumi/pulumi/index.js",
    },
  ],
  "components-without-command-line": [
    {
      files: { "components/stack-part.ts": 'export { up } from "../cli/commands/up.ts";', "cli/commands/up.ts": "" },
      found: "components/stack-part.ts → cli/commands/up.ts",
    },
  ],
  "command-line-without-components": [
    {
      files: { "cli/commands/up.ts": 'import "../../components/index.ts";', "components/index.ts": "" },
      found: "cli/commands/up.ts → components/index.ts",
    },
    {
      files: {
        "cli/commands/up.ts": 'await import("../../index.ts");',
        "cli/commands/preview.ts": 'import "../preview/report.ts";\nawait import("../../index.ts");',
        "cli/preview/report.ts": 'import "../../components/preview/values.ts";',
        "components/preview/values.ts": "",
        "index.ts": "",
      },
      found: "cli/commands/up.ts → index.ts",
    },
  ],
  "preview-command-by-previews-only": [
    {
      files: {
        "cli/commands/preview.ts": 'import "../../components/index.ts";\nimport "../../components/preview/values.ts";',
        "components/index.ts": "",
        "components/preview/values.ts": "",
      },
      found: "cli/commands/preview.ts → components/index.ts",
    },
  ],
  "infrastructure-and-services-apart": ["components", "config", "cli"].flatMap((folder) =>
    ["services/main.ts", "packages/telemetry/src/index.ts"].map((file) => ({
      files: { [file]: `import "${"../".repeat(file.split("/").length - 1)}${folder}/a.ts";`, [`${folder}/a.ts`]: "" },
      found: `${file} → ${folder}/a.ts`,
    })),
  ),
  "services-and-infrastructure-apart": [
    {
      files: { "config/names.ts": 'import "../services/shared/peers.ts";', "services/shared/peers.ts": "" },
      found: "config/names.ts → services/shared/peers.ts",
    },
    {
      files: {
        "cli/commands/up.ts": 'import "@observability/telemetry";',
        ...installed("@observability/telemetry", "dependencies"),
      },
      found: "cli/commands/up.ts → node_modules/@observability/telemetry/index.js",
    },
  ],
  "disk-guard-alone": [
    {
      files: {
        "disk-guard/main.mjs": 'import "node:fs/promises"; import "../canary/ask.mjs"; import "../canary/stores.mjs";',
        "canary/ask.mjs": "",
        "canary/stores.mjs": "",
      },
      found: "disk-guard/main.mjs → canary/stores.mjs",
    },
  ],
  "canary-alone": [
    {
      files: {
        "canary/main.mjs": 'import "node:http"; import "./canary.mjs"; import "../config/units.ts";',
        "canary/canary.mjs": "",
        "config/units.ts": "",
      },
      found: "canary/main.mjs → config/units.ts",
    },
  ],
  "telemetry-without-services": [
    {
      files: { "packages/telemetry/src/index.ts": 'import "../../../services/main.ts";', "services/main.ts": "" },
      found: "packages/telemetry/src/index.ts → services/main.ts",
    },
  ],
  "telemetry-by-its-entries": [
    {
      files: {
        "services/main.ts": 'import "../packages/telemetry/src/redaction/redactor.ts";',
        "packages/telemetry/src/redaction/redactor.ts": "",
      },
      found: "services/main.ts → packages/telemetry/src/redaction/redactor.ts",
    },
  ],
  "product-without-tests": [
    {
      files: { "cli/commands/up.ts": 'import "../../test/support/settings.ts";', "test/support/settings.ts": "" },
      found: "cli/commands/up.ts → test/support/settings.ts",
    },
  ],
  "declared-dependencies-only": [
    {
      files: { "cli/commands/up.ts": 'import "chalk";', ...installed("chalk", "devDependencies") },
      found: "cli/commands/up.ts → node_modules/chalk/index.js",
    },
    {
      files: {
        "packages/telemetry/src/index.ts": 'import "chalk";',
        "packages/telemetry/package.json": JSON.stringify({ name: "telemetry" }),
        ...installed("chalk", "dependencies"),
      },
      found: "packages/telemetry/src/index.ts → node_modules/chalk/index.js",
    },
  ],
  resolvable: [
    { files: { "cli/commands/up.ts": 'import "./nowhere.ts";' }, found: "cli/commands/up.ts → ./nowhere.ts" },
  ],
  "no-cycle": [
    {
      files: {
        "cli/commands/up.ts": 'import "./down.ts";',
        "cli/commands/down.ts": 'import type { Up } from "./up.ts";',
      },
      found: "cli/commands/down.ts → cli/commands/up.ts",
    },
  ],
  "no-orphan": [
    {
      files: {
        "index.ts": 'import "./components/index.ts";',
        "components/index.ts": "",
        "components/tempo.ts": 'import "node:path";',
      },
      found: "components/tempo.ts → components/tempo.ts",
    },
  ],
};

/** A package in `node_modules` and in the root's package.json. */
function installed(name: string, kind: "dependencies" | "devDependencies"): Record<string, string> {
  return {
    "package.json": JSON.stringify({ name: "fixture", [kind]: { [name]: "1.0.0" } }),
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
    [`node_modules/${name}/index.js`]: "",
  };
}

function writeTree(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

describe("who imports whom", () => {
  it("is as .dependency-cruiser.cjs allows", async () => {
    assert.deepEqual(await violations(root, cruised), []);
  });

  it("is checked with the same folders by `npm run check`", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    assert.ok(scripts["check"]?.includes(` && depcruise ${cruised.join(" ")} && `), scripts["check"]);
  });

  it("has an offence below for each rule", async () => {
    const { ruleSet } = await extractDepcruiseOptions(join(root, ".dependency-cruiser.cjs"));
    assert.deepEqual(Object.keys(offences).sort(), (ruleSet?.forbidden ?? []).map(({ name }) => name).sort());
  });

  for (const [rule, cases] of Object.entries(offences)) {
    for (const { files, found } of cases) {
      it(`is reported by ${rule}: ${found}`, async () => {
        const folder = mkdtempSync(join(tmpdir(), "architecture-"));
        try {
          writeTree(folder, files);
          const all = await violations(folder, globSync("{*,!(node_modules)/**/*}.{ts,mjs}", { cwd: folder }));
          assert.deepEqual(
            all.filter((violation) => violation.startsWith(`${rule}: `)),
            [`${rule}: ${found}`],
          );
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }
  }
});

/** Every field and type that a package declares. */
function declaredNames(folder: string): ReadonlySet<string> {
  const nodes = globSync("**/*.d.ts", { cwd: folder }).flatMap((file) => nodesOf(join(folder, file)));
  return new Set(
    nodes
      .filter(
        (node) =>
          ts.isPropertySignature(node) ||
          ts.isPropertyDeclaration(node) ||
          ts.isInterfaceDeclaration(node) ||
          ts.isClassDeclaration(node),
      )
      .flatMap(({ name }) => (name !== undefined && ts.isIdentifier(name) ? [name.text] : [])),
  );
}

/** Every identifier and every whole string of a file; its comments do not count. */
function usedNames(file: string): ReadonlySet<string> {
  return new Set(
    nodesOf(file).flatMap((node) => (ts.isIdentifier(node) || ts.isStringLiteralLike(node) ? [node.text] : [])),
  );
}

function nodesOf(file: string): readonly ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest));
  return found;
}

const product = globSync(["index.ts", "{config,components,cli,services,packages/*/src}/**/*.ts"], {
  cwd: root,
  exclude: (name) => ["test", "dist", "node_modules"].includes(name),
});

describe("the words of @pulumi/docker", () => {
  const declared = declaredNames(join(root, "node_modules", "@pulumi", "docker"));
  /** Single words that nobody else has. The others (`name`, `image`, …) belong to everybody. */
  const singleWords = ["entrypoints", "envs", "tmpfs", "uploads"];
  /** Double words that others have too, Kubernetes among them. */
  const common = [
    "maxReplicas",
    "buildArgs",
    "exitCode",
    "readOnly",
    "restartPolicy",
    "secretName",
    "targetPort",
    "workingDir",
  ];
  const words = new Set(
    [...declared].filter(
      (name) => singleWords.includes(name) || (/[a-z0-9][A-Z]/.test(name) && !common.includes(name)),
    ),
  );
  const inPlatform = product.filter((file) => file.startsWith("components/platform/docker/"));
  /** What the provider replaces on, of any program's resources: nothing is made there. */
  const replacements = "components/preview/replacements.ts";
  const elsewhere = product.filter((file) => !inPlatform.includes(file) && file !== replacements);
  const wordsIn = (files: readonly string[]): string[] =>
    files.flatMap((file) =>
      [...usedNames(join(root, file))].filter((name) => words.has(name)).map((word) => `${file}: ${word}`),
    );

  it("are those that its declarations have", () => {
    const known = ["networksAdvanced", "memorySwap", "destroyGraceSeconds", "ContainerArgs", ...singleWords];
    assert.deepEqual(
      known.filter((name) => !words.has(name)),
      [],
    );
    assert.deepEqual(
      common.filter((name) => !declared.has(name)),
      [],
    );
  });

  it("are seen where they are", () => {
    const seen = wordsIn(inPlatform);
    for (const word of ["networksAdvanced", "memorySwap", "uploads"]) {
      assert.ok(seen.includes(`components/platform/docker/container-args.ts: ${word}`), seen.join("\n"));
    }
  });

  it("are in its platform and nowhere else", () => {
    assert.ok(elsewhere.length > 50, String(elsewhere.length));
    assert.deepEqual(wordsIn(elsewhere), []);
  });
});

describe("the target of a stack", () => {
  it("is asked for in one place only", () => {
    const asking = product.filter(
      (file) =>
        file.startsWith("components/") &&
        nodesOf(join(root, file)).some((node) => ts.isPropertyAccessExpression(node) && node.name.text === "target"),
    );
    assert.deepEqual(asking, ["components/platform/create-platform.ts"]);
  });
});
