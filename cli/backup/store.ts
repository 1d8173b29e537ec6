import type { AnyPart, PartData } from "../../config/parts/part.ts";
import type { PartName } from "../../config/parts/parts.ts";
import type { InstanceOutput } from "../instances.ts";

/** A part of a deployed stack that keeps data which a backup has. */
export interface Store {
  /** Its name in the settings. */
  readonly name: PartName;
  readonly part: Pick<AnyPart, "host" | "title" | "user" | "generatedSecrets">;
  readonly data: PartData;
  readonly instance: InstanceOutput;
  /** Reference of the image that it runs. */
  readonly image: string;
}
