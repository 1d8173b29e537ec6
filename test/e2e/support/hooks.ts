import { removeSharedWorkspace } from "./workspace.ts";

/** Leaves nothing behind, whether the tests passed or not. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await removeSharedWorkspace();
  },
};
