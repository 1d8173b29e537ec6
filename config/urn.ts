/** Name of a resource, by its URN (`urn:pulumi:STACK::PROJECT::TYPE::NAME`); `::` may be in the name itself. */
export function resourceName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
