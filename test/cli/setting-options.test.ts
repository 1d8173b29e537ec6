import assert from "node:assert/strict";
import type { CommandOptions, TargetName } from "../../cli/options.ts";
import { withOptions, type ChangedFile, type SettingOption } from "../../cli/setting-options.ts";
import { UserError } from "../../cli/user-error.ts";

const schemaLine = "# yaml-language-server: $schema=./config/stack-settings.schema.json";

describe("the settings file of a stack", () => {
  type Values = Partial<Record<SettingOption, string>>;

  function changed(target: TargetName | undefined, values: Values, text?: string): ChangedFile | undefined {
    const options: CommandOptions<never, SettingOption> = { stack: "shop", target, flags: new Set(), values };
    return withOptions(
      options,
      { name: "Pulumi.yaml", text: "config: {}\n" },
      text === undefined ? undefined : { name: "Pulumi.shop.yaml", text },
    );
  }

  const complete = { context: "rig", "load-command": 'load "$IMAGE"' };

  it("is made with what the options say, and names the editors' schema", () => {
    const file = changed("kubernetes", complete);
    assert.equal(file?.name, "Pulumi.shop.yaml");
    assert.equal(
      file.text,
      `${schemaLine}\nconfig:\n  observability:target: kubernetes\n  observability:kubernetes:\n    context: rig\n    loadCommand: load "$IMAGE"\n`,
    );
    assert.deepEqual(file.changes, [
      "target: kubernetes",
      "kubernetes.context: rig",
      'kubernetes.loadCommand: load "$IMAGE"',
    ]);
    assert.equal(file.settings.stack.kubernetes.context, "rig");
  });

  const existing = `${schemaLine}\nconfig:\n  # ours\n  observability:target: kubernetes\n  observability:kubernetes:\n    context: rig\n    loadCommand: load\n`;

  it("keeps everything else that is in it, and is left alone if nothing is new", () => {
    const file = changed("kubernetes", { context: "other", "storage-class": "fast" }, existing);
    assert.equal(
      file?.text,
      existing.replace("context: rig", "context: other").replace("load\n", "load\n    storageClass: fast\n"),
    );
    assert.deepEqual(file.changes, ["kubernetes.context: other", "kubernetes.storageClass: fast"]);
    assert.equal(changed("kubernetes", { context: "rig" }, existing), undefined);
    assert.equal(changed(undefined, {}, existing), undefined);
    assert.equal(changed(undefined, {}, "config:\n"), undefined);
  });

  const refused: readonly (readonly [why: string, code: string, make: () => unknown, message: RegExp])[] = [
    [
      "another target",
      "OBS1010",
      () => changed("kubernetes", complete, "config:\n  observability:retentionHours: 24\n"),
      /^--target: must be the one of the stack shop, which never changes, got kubernetes instead of docker\n {2}next: /,
    ],
    [
      "an option of a cluster for Docker",
      "OBS1008",
      () => changed(undefined, { context: "rig" }, "config:\n"),
      /^--context: is an option of the target kubernetes, got it for the stack shop of the target docker\n {2}next: /,
    ],
    [
      "no context",
      "OBS1001",
      () => changed("kubernetes", {}),
      /^the configuration has 1 problem\(s\), nothing was changed \(OBS1001\):\n {2}kubernetes\.context: must be set[^\n]+\n {2}next: name a context of your kubeconfig: npm run up/,
    ],
    [
      "a value that breaks its rule",
      "OBS1001",
      () => changed("kubernetes", { ...complete, namespace: "Shop!" }),
      /\n {2}kubernetes\.namespace: must be at most 63 lower-case letters[^\n]+\n {2}next: correct the option: npm run up/,
    ],
  ];
  for (const [why, code, make, message] of refused) {
    it(`is refused with ${why}, before anything is written`, () => {
      assert.throws(make, (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, [code]);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
