import type * as pulumi from "@pulumi/pulumi";

/** A provider's class, by which one of it is known. */
export interface ProviderClass<Provider> {
  readonly isInstance: (value: unknown) => value is Provider;
}

/**
 * The provider of a package that a program hands to a component, itself or by a parent; `undefined` if there is none. Pulumi
 * would hand it on to resources that name no provider, but a platform has to know whether it needs one of its own.
 *
 * @param type any resource of the package
 */
export function givenProvider<Provider extends pulumi.ProviderResource>(
  { isInstance }: ProviderClass<Provider>,
  type: string,
  { provider, providers, parent }: pulumi.ComponentResourceOptions,
): Provider | undefined {
  const given = [provider, ...Object.values(providers ?? {}), parent?.getProvider(type)];
  return given.find((each): each is Provider => isInstance(each));
}
