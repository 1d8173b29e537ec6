// The index does not export it; the exact version is pinned.
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";

/** A quantity as the API server writes it (`512Mi`, `2`) as a number. */
export function quantity(text: string): number {
  return Number(quantityToScalar(text));
}

/** An amount of a resource for the user to read. */
export function shownQuantity(resource: string, amount: number): string {
  return /memory|storage/.test(resource) ? `${Math.floor(amount / 1024 ** 2)}Mi` : String(amount);
}
