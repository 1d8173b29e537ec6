import { tableOf } from "./characters.ts";

/** A credential that is known by its beginning. */
export interface KnownFormat {
  /** Whose it is, and what it is called there. */
  readonly name: string;
  readonly prefix: string;
  /** Which characters follow. */
  readonly alphabet: Alphabet;
  /** How many follow at least. */
  readonly atLeast: number;
}

/** Characters that a credential is made of. */
export type Alphabet = "upper" | "alphanumeric" | "word" | "dashed" | "dotted";

const allowedCharacters: Readonly<Record<Alphabet, string>> = {
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  alphanumeric: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  word: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_",
  dashed: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
  dotted: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.",
};

/**
 * Credentials with a beginning of their own, from the documentation of who issues them. What is public by design, such
 * as Stripe's `pk_live_`, is not among them.
 */
export const knownFormats: readonly KnownFormat[] = [
  { name: "AWS access key id", prefix: "AKIA", alphabet: "upper", atLeast: 16 },
  { name: "AWS temporary access key id", prefix: "ASIA", alphabet: "upper", atLeast: 16 },
  { name: "AWS Bedrock API key", prefix: "ABSK", alphabet: "alphanumeric", atLeast: 60 },
  { name: "Google API key", prefix: "AIza", alphabet: "dashed", atLeast: 35 },
  { name: "Google OAuth access token", prefix: "ya29.", alphabet: "dotted", atLeast: 20 },
  { name: "Google OAuth client secret", prefix: "GOCSPX-", alphabet: "dashed", atLeast: 20 },
  { name: "GitHub personal access token", prefix: "ghp_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "GitHub OAuth token", prefix: "gho_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "GitHub user token", prefix: "ghu_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "GitHub server token", prefix: "ghs_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "GitHub refresh token", prefix: "ghr_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "GitHub fine-grained token", prefix: "github_pat_", alphabet: "word", atLeast: 20 },
  { name: "GitLab personal access token", prefix: "glpat-", alphabet: "dashed", atLeast: 20 },
  { name: "GitLab deploy token", prefix: "gldt-", alphabet: "dashed", atLeast: 20 },
  { name: "GitLab runner token", prefix: "glrt-", alphabet: "dashed", atLeast: 20 },
  { name: "GitLab CI job token", prefix: "glcbt-", alphabet: "dashed", atLeast: 20 },
  { name: "Slack bot token", prefix: "xoxb-", alphabet: "dashed", atLeast: 10 },
  { name: "Slack user token", prefix: "xoxp-", alphabet: "dashed", atLeast: 10 },
  { name: "Slack workspace token", prefix: "xoxa-", alphabet: "dashed", atLeast: 10 },
  { name: "Slack refresh token", prefix: "xoxr-", alphabet: "dashed", atLeast: 10 },
  { name: "Slack session token", prefix: "xoxs-", alphabet: "dashed", atLeast: 10 },
  { name: "Slack configuration token", prefix: "xoxe.", alphabet: "dotted", atLeast: 10 },
  { name: "Slack app token", prefix: "xapp-", alphabet: "dashed", atLeast: 10 },
  { name: "Stripe secret key", prefix: "sk_live_", alphabet: "alphanumeric", atLeast: 16 },
  { name: "Stripe test key", prefix: "sk_test_", alphabet: "alphanumeric", atLeast: 16 },
  { name: "Stripe restricted key", prefix: "rk_live_", alphabet: "alphanumeric", atLeast: 16 },
  { name: "Stripe restricted test key", prefix: "rk_test_", alphabet: "alphanumeric", atLeast: 16 },
  { name: "Stripe webhook secret", prefix: "whsec_", alphabet: "alphanumeric", atLeast: 16 },
  { name: "OpenAI and Anthropic API key", prefix: "sk-", alphabet: "dashed", atLeast: 20 },
  { name: "npm access token", prefix: "npm_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "PyPI token", prefix: "pypi-", alphabet: "dashed", atLeast: 50 },
  { name: "RubyGems token", prefix: "rubygems_", alphabet: "alphanumeric", atLeast: 40 },
  { name: "Docker Hub token", prefix: "dckr_pat_", alphabet: "dashed", atLeast: 20 },
  { name: "DigitalOcean token", prefix: "dop_v1_", alphabet: "alphanumeric", atLeast: 40 },
  { name: "DigitalOcean OAuth token", prefix: "doo_v1_", alphabet: "alphanumeric", atLeast: 40 },
  { name: "Shopify token", prefix: "shpat_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "Shopify shared secret", prefix: "shpss_", alphabet: "alphanumeric", atLeast: 20 },
  { name: "SendGrid API key", prefix: "SG.", alphabet: "dotted", atLeast: 40 },
  { name: "Sendinblue API key", prefix: "xkeysib-", alphabet: "dashed", atLeast: 40 },
  { name: "Mailchimp and Mailgun key", prefix: "key-", alphabet: "alphanumeric", atLeast: 32 },
  { name: "Hugging Face token", prefix: "hf_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "Groq API key", prefix: "gsk_", alphabet: "alphanumeric", atLeast: 40 },
  { name: "Grafana service account token", prefix: "glsa_", alphabet: "word", atLeast: 30 },
  { name: "Grafana Cloud token", prefix: "glc_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "HashiCorp Vault service token", prefix: "hvs.", alphabet: "dashed", atLeast: 20 },
  { name: "HashiCorp Vault batch token", prefix: "hvb.", alphabet: "dashed", atLeast: 20 },
  { name: "Databricks token", prefix: "dapi", alphabet: "alphanumeric", atLeast: 32 },
  { name: "Pulumi access token", prefix: "pul-", alphabet: "alphanumeric", atLeast: 40 },
  { name: "New Relic user key", prefix: "NRAK-", alphabet: "upper", atLeast: 20 },
  { name: "Sentry token", prefix: "sntrys_", alphabet: "dashed", atLeast: 30 },
  { name: "Sentry user token", prefix: "sntryu_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "Linear API key", prefix: "lin_api_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "Notion token", prefix: "ntn_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "Figma token", prefix: "figd_", alphabet: "dashed", atLeast: 30 },
  { name: "Postman API key", prefix: "PMAK-", alphabet: "dashed", atLeast: 40 },
  { name: "Square access token", prefix: "sq0atp-", alphabet: "dashed", atLeast: 20 },
  { name: "Square client secret", prefix: "sq0csp-", alphabet: "dashed", atLeast: 20 },
  { name: "Supabase token", prefix: "sbp_", alphabet: "alphanumeric", atLeast: 30 },
  { name: "PlanetScale password", prefix: "pscale_pw_", alphabet: "dotted", atLeast: 20 },
  { name: "PlanetScale token", prefix: "pscale_tkn_", alphabet: "dotted", atLeast: 20 },
  { name: "Doppler token", prefix: "dp.pt.", alphabet: "alphanumeric", atLeast: 30 },
  { name: "age secret key", prefix: "AGE-SECRET-KEY-1", alphabet: "upper", atLeast: 40 },
  { name: "Atlassian API token", prefix: "ATATT3", alphabet: "dashed", atLeast: 30 },
  { name: "Fly.io token", prefix: "fo1_", alphabet: "dashed", atLeast: 30 },
];

/** Each alphabet as a table. */
export const alphabets: Readonly<Record<Alphabet, Uint8Array>> = {
  upper: tableOf(allowedCharacters.upper),
  alphanumeric: tableOf(allowedCharacters.alphanumeric),
  word: tableOf(allowedCharacters.word),
  dashed: tableOf(allowedCharacters.dashed),
  dotted: tableOf(allowedCharacters.dotted),
};

/** A format with the code of its prefix's last character, by which most others are told from it. */
type KnownBeginning = KnownFormat & { readonly last: number };

/** The formats by the codes of their first two characters, the first times 128. */
export const formatsByBeginning: ReadonlyMap<number, readonly KnownBeginning[]> = byBeginning();

function byBeginning(): Map<number, KnownBeginning[]> {
  const formats = new Map<number, KnownBeginning[]>();
  for (const format of knownFormats) {
    const { prefix } = format;
    const beginning = prefix.charCodeAt(0) * 128 + prefix.charCodeAt(1);
    const entry = { ...format, last: prefix.charCodeAt(prefix.length - 1) };
    formats.set(beginning, [...(formats.get(beginning) ?? []), entry]);
  }
  return formats;
}
