import assert from "node:assert/strict";
import { packageNameOf } from "../../src/instrumentations/module-hooks.ts";

describe("packageNameOf", () => {
  const cases: readonly [specifier: string, name: string | undefined][] = [
    ["pg", "pg"],
    ["pg/lib/client.js", "pg"],
    ["socket.io", "socket.io"],
    ["@nestjs/core", "@nestjs/core"],
    ["@nestjs/core/router/index.js", "@nestjs/core"],
    ["@nestjs", undefined],
    ["./pg", undefined],
    ["../pg", undefined],
    ["/srv/node_modules/pg/index.js", undefined],
    ["file:///srv/node_modules/pg/index.js", undefined],
    ["node:http", undefined],
    ["C:\\srv\\pg", undefined],
    ["#internal", "#internal"],
    ["", undefined],
  ];
  for (const [specifier, name] of cases) {
    it(`takes ${JSON.stringify(specifier)} for ${name ?? "no package"}`, () => {
      assert.equal(packageNameOf(specifier), name);
    });
  }
});
