import { stackOwner } from "../config/names.ts";
import { projectName } from "./project.ts";
import type { KnownState, OtherStack } from "./state.ts";

/** Something at a target that may be of this stack. */
export interface MarkedObject {
  /** Type and id of the object in Pulumi's state. */
  readonly type: string;
  readonly id: string;
  /** What it carries about its owner; `undefined` if that is nothing. */
  readonly mark: string | undefined;
  /** The label with the `observability:name` that it was deployed with. */
  readonly nameLabel: string | undefined;
}

/**
 * Whose the objects at a target are. Each carries its Pulumi project and stack, and its `observability:name`: two
 * checkouts of the program have the same stacks. What versions before that have deployed carries the name alone, which
 * two stacks can share: such an object is of the stack that has it in its state, and if none has it, of this one, whose
 * state is lost.
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
    this.known = new Set(state.resources.map(({ type, id }) => key(type, id ?? "")));
  }

  /** Whether an object is in the state of this stack. */
  isKnown({ type, id }: MarkedObject): boolean {
    return this.known.has(key(type, id));
  }

  /** Project and stack that an object belongs to, or what it says instead; `undefined` if it says nothing. */
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

  /** Other stacks that have an object in their state, whoever it belongs to. */
  async alsoIn(object: MarkedObject): Promise<readonly string[]> {
    const others = await this.state.others();
    return others.filter((other) => has(other, object)).map(({ stack }) => stackOwner(projectName, stack));
  }

  /** Whether an object is of this stack. */
  async owns(object: MarkedObject): Promise<boolean> {
    return (await this.ownerOf(object)) === this.owner;
  }

  /** Those of some objects that are of this stack. */
  async owned<Item extends MarkedObject>(objects: readonly Item[]): Promise<readonly Item[]> {
    const owns = await Promise.all(objects.map((object) => this.owns(object)));
    return objects.filter((_, index) => owns[index] === true);
  }
}

function has({ resources }: OtherStack, object: MarkedObject): boolean {
  return resources.some(({ type, id }) => key(type, id ?? "") === key(object.type, object.id));
}

function key(type: string, id: string): string {
  return `${type} ${id}`;
}
