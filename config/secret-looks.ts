/** Forms that nothing but a secret has. */
const forms: readonly { readonly is: string; readonly pattern: RegExp }[] = [
  { is: "has a private key", pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  // docs.aws.amazon.com, IAM identifiers: long-term and temporary access keys.
  { is: "has an access key of AWS", pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/ },
  // github.blog, "Behind GitHub's new authentication token formats".
  { is: "has a token of GitHub", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})/ },
  { is: "has a token of Slack", pattern: /\bxox[abprs]-[\w-]{10,}/ },
  // RFC 7519: three parts in base64url, of which two are JSON objects.
  { is: "has a JSON Web Token", pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/ },
  { is: "has a login in an address", pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/@$]+@/i },
];

/** The words of a name that say that its value is a secret; `KEY` alone is the key of many things. */
const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET)_?KEY)$/;

/**
 * Why a text in plain sight looks like a secret; `undefined` if it does not.
 *
 * @param key its name, as a variable or a field of an object
 */
export function secretLooks(key: string, text: string): string | undefined {
  const form = forms.find(({ pattern }) => pattern.test(text));
  if (form !== undefined) return form.is;
  const words = key
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .replaceAll(/[-.]/g, "_")
    .toUpperCase();
  // A path, a reference that is filled in later and a switch are no secrets.
  const isHarmless = text === "" || /^(?:\/|\$|true$|false$)/.test(text);
  return secretName.test(words) && !isHarmless ? "looks like a secret by its name" : undefined;
}
