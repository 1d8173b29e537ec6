import { flatMap } from "./async.ts";
import { stackOwner } from "../config/names.ts";
import { projectName } from "./project.ts";
import type { KnownState, StateResource } from "./state.ts";

/** An object at a target, which may belong to this stack. */
export interface MarkedObject {
  /** Type and id of the object in Pulumi's state. */
  readonly type: string;
  readonly id: string;
  /** The label or annotation that names its owner; `undefined` if it has none. */
  readonly mark: string | undefined;
  /** The label with the `observability:name` that it was deployed with. */
  readonly nameLabel: string | undefined;
}

/**
 * Finds out which stack an object at a target belongs to. Each object carries its Pulumi project and stack, and its
 * `observability:name`, since two checkouts of the program have the same stacks. What older versions have deployed carries
 * the name alone, which two stacks can share: such an object belongs to the stack that has it in its state; if none has, it
 * belongs to this one, whose state is lost.
 */
export class Ownership {
  /** This stack, as its objects carry it. */
  readonly owner: string;
  /** The stack's `observability:name`. */
  readonly name: string;
  private readonly state: KnownState;
  private readonly known: ReadonlySet<string>;

  constructor(stackName: string, name: string, state: KnownState) {
    this.owner = stackOwner(projectName, stackName);
    this.name = name;
    this.state = state;
    this.known = keysOf(state.resources);
  }

  /** Whether an object is in the state of this stack. */
  isKnown(object: MarkedObject): boolean {
    return this.known.has(keyOf(object));
  }

  /** Project and stack that an object belongs to, or what else it names; `undefined` if it names no owner. */
  async ownerOf(object: MarkedObject): Promise<string | undefined> {
    const { mark, nameLabel } = object;
    if (mark === this.owner) {
      if (nameLabel === this.name || this.isKnown(object)) return mark;
      return `${mark} of another folder, named ${nameLabel ?? "otherwise"}`;
    }
    if (mark !== this.name) return mark;
    if (this.isKnown(object)) return this.owner;
    const [other] = await this.alsoIn(object);
    return other ?? this.owner;
  }

  /** Other stacks that have an object in their state, whichever it belongs to. */
  async alsoIn(object: MarkedObject): Promise<readonly string[]> {
    const others = await this.state.others();
    const having = others.filter(({ resources }) => keysOf(resources).has(keyOf(object)));
    return having.map(({ stack }) => stackOwner(projectName, stack));
  }

  /** Whether an object belongs to this stack. */
  async owns(object: MarkedObject): Promise<boolean> {
    return (await this.ownerOf(object)) === this.owner;
  }

  /** The objects among these that belong to this stack. */
  async owned<Item extends MarkedObject>(objects: readonly Item[]): Promise<readonly Item[]> {
    return flatMap(objects, async (object) => ((await this.owns(object)) ? [object] : []));
  }
}

function keysOf(resources: readonly StateResource[]): ReadonlySet<string> {
  return new Set(resources.map(keyOf));
}

function keyOf({ type, id = "" }: Pick<StateResource, "type" | "id">): string {
  return `${type} ${id}`;
}
