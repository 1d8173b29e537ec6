import assert from "node:assert/strict";
import { Workspace } from "../../support/workspace.ts";
import { removeNamespace } from "./cluster.ts";

let shared: Promise<Workspace> | undefined;

/** The workspace of this run, with its packages installed: the files of the suite work in it, in order. */
export async function clusterWorkspace(): Promise<Workspace> {
  shared ??= create();
  return shared;
}

async function create(): Promise<Workspace> {
  const workspace = await Workspace.create("kubernetes");
  const installed = await workspace.npm("ci");
  assert.equal(installed.code, 0, installed.output);
  return workspace;
}

/** Leaves nothing behind, whether the tests passed or not. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    if (shared === undefined) return;
    const workspace = await shared;
    await removeNamespace(workspace.name);
    await workspace.remove();
    shared = undefined;
  },
};
