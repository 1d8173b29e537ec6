import { once } from "node:events";
import { createServer } from "node:http";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { z } from "zod";
import { succeed } from "./run.ts";

/** Where the alerts of a shared workspace go: ports at {@link bridgeAddress}. */
export interface ReceiverPorts {
  readonly smtp: number;
  readonly http: number;
}

/** What is in a secret here, for Grafana to replace if it did: the addresses of the webhooks, and the mail server's password. */
const replaceable = "$HOME-${HOME}-$$-$__env{HOME}";

/** The login that the mail server takes. */
const login = { user: "alerts@example.com", password: `password-${replaceable}` } as const;

/** Paths of the webhooks, by the name of their contact point. A path has no braces in it. */
export const webhookPaths = {
  hook: "/hook/$HOME-$$-of-the-test",
  chat: "/services/T0/B0/$HOME-$$-of-the-test",
} as const;

/** Everything here that belongs into no output. */
export const alertSecrets: readonly string[] = [login.password, ...Object.values(webhookPaths)];

/** Whom the mail is for. */
export const mailAddress = "oncall@example.com";

/** Address of this machine as containers of any network reach it, and nobody beyond the machine. */
export async function bridgeAddress(): Promise<string> {
  // Of the interface itself: Docker names no gateway of its bridge until it is started for a second time.
  const format = '{{index .Options "com.docker.network.bridge.name"}}';
  const device = (await succeed("docker", ["network", "inspect", "bridge", "--format", format])).trim();
  const shown: unknown = JSON.parse(await succeed("ip", ["-json", "-4", "address", "show", "dev", device]));
  return interfaceWithAddress.parse(shown)[0].addr_info[0].local;
}

/** What `ip -json address show` prints of one interface. */
const interfaceWithAddress = z.tuple([z.object({ addr_info: z.tuple([z.object({ local: z.string() })]) })]);

/** Rules of a user's own. The first is so, and for a week: nobody is told of it. The second never is. */
export const ownRules = [
  {
    name: "parts-there",
    title: "Parts are there",
    expr: 'count by (service_namespace) (up{service_namespace="stack"})',
    forMinutes: 10_080,
    summary: "{{ .Labels.service_namespace }} has parts",
    dashboard: "stores",
    runbookUrl: "https://wiki.example.com/parts",
  },
  {
    name: "parts-none",
    title: "There are no parts",
    expr: 'count(up{service_namespace="stack"})',
    below: 1,
    forMinutes: 0,
    severity: "critical",
  },
] as const;

/** Settings with which alerts reach the receivers. */
export function alertsTo(address: string, { smtp, http }: ReceiverPorts): Readonly<Record<string, unknown>> {
  const webhook = (path: string): string => `http://${address}:${http}${path}`;
  return {
    alerts: {
      contactPoints: [
        { name: "mail", type: "email", addresses: [mailAddress] },
        { name: "hook", type: "webhook", secret: "alert-hook" },
        { name: "chat", type: "slack", secret: "alert-chat", severities: ["critical"] },
      ],
      smtp: {
        host: `${address}:${smtp}`,
        from: "grafana@example.com",
        user: login.user,
        secret: "smtp-password",
        startTls: "none",
      },
      rules: ownRules,
    },
    secrets: {
      "alert-hook": webhook(webhookPaths.hook),
      "alert-chat": webhook(webhookPaths.chat),
      "smtp-password": login.password,
    },
  };
}

/** A mail as its reader has it. */
export interface ReceivedMail {
  readonly to: string;
  readonly subject: string;
  /** With its addresses and tags. */
  readonly html: string;
}

/** What a webhook was sent. */
export interface ReceivedRequest {
  readonly path: string;
  readonly body: unknown;
}

/** A mail server and webhooks that alerts reach. */
export class AlertReceivers {
  readonly mails: ReceivedMail[] = [];
  readonly requests: ReceivedRequest[] = [];
  private readonly stops: (() => void)[] = [];

  /** Listens at {@link bridgeAddress} alone. */
  static async start(ports: ReceiverPorts): Promise<AlertReceivers> {
    const receivers = new AlertReceivers();
    const address = await bridgeAddress();
    await receivers.receiveMail(ports.smtp, address);
    await receivers.receiveRequests(ports.http, address);
    return receivers;
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private async receiveMail(port: number, address: string): Promise<void> {
    const server = new SMTPServer({
      // Grafana knows no certificate of this test. Without one, of the logins that Go sends, this one is left.
      disabledCommands: ["STARTTLS"],
      authMethods: ["LOGIN"],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === login.user && password === login.password;
        done(isRight ? null : new Error("unknown login"), { user: login.user });
      },
      onData: (stream, { envelope }, done) => {
        simpleParser(stream).then(({ subject = "", html = false }) => {
          const to = envelope.rcptTo.map((recipient) => recipient.address).join(" ");
          this.mails.push({ to, subject, html: html === false ? "" : html });
          done();
        }, done);
      },
    });
    const listening = server.listen(port, address);
    await once(listening, "listening");
    this.stops.push(() => {
      server.close();
    });
  }

  private async receiveRequests(port: number, address: string): Promise<void> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body: unknown = JSON.parse(Buffer.concat(pieces).toString());
        this.requests.push({ path: decodeURI(request.url ?? ""), body });
        // Slack's answer, by which Grafana knows that it has worked.
        response.end("ok");
      });
    });
    server.listen(port, address);
    await once(server, "listening");
    this.stops.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }
}
