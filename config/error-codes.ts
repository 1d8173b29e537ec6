/** What the page of a code says, in Markdown. */
interface ErrorPage {
  /** What is wrong, as a heading. */
  readonly title: string;
  /** What has happened, what it mostly comes from, and what was changed or not. */
  readonly means: string;
  /** What to do about it, where that differs on each target. */
  readonly remedy: string;
}

/** What the codes of a hundred are about, by their first two digits. */
export const errorGroups = {
  OBS10: "Settings, files, options and arguments of components",
  OBS11: "This machine",
  OBS12: "Docker",
  OBS13: "Kubernetes",
  OBS14: "The Pulumi CLI, the state and the deployment",
  OBS15: "What a deployed stack is asked",
  OBS16: "Bundles, for machines without a network",
  OBS17: "Backups",
} as const;

/**
 * Every error that a user can get, by its code: one for each cause that has a remedy of its own. A code is public: it never
 * means something else, and one that is not given any more is not used again.
 */
export const errorCodes = {
  OBS1001: {
    title: "The settings have problems",
    means:
      "Settings of the stack break a rule, or two of them do not fit each other. The message has a line for each: the path, the rule, what is there, and what to write instead. A value that may be a secret is not shown. Settings are judged before anything else, so nothing was changed.",
    remedy:
      "Correct each line. With the commands, `observability:NAME` is in the settings file of the stack (`Pulumi.dev.yaml`); in a program of your own the path leads into the arguments of `ObservabilityStack` or `JoinedStack`. Every setting with its rule and default is in [the table of settings](../settings.md). A setting that is not known is refused with the one that is near to it, mostly a slip of the pen or a setting of a newer version. An image that `images.lock.json` lacks is added by `npm run images:lock` ([locked images](../air-gap.md#the-same-images-everywhere)).",
  },
  OBS1002: {
    title: "The arguments of a service have problems",
    means:
      "`InstrumentedService`, `instrument`, `instrumentation` or `otelEnvFor` was given something that breaks a rule: a name that is taken, a port that is used twice, a field that the target does not have, no stack. Each line begins with the service's name. Arguments that are known are judged before a resource of the service is created. Those that are an `Output` of another resource are judged during the deployment, when they are known; what was deployed until then is kept.",
    remedy:
      "Correct the arguments in the program as each line says. [Services](../services.md) has every field, with those that only one of the targets has; [programs](../programs.md) has what may be an `Output`, and what is put into resources of your own. Of an `Output` look at the resource that gives it. Then deploy again.",
  },
  OBS1003: {
    title: "What a JoinedStack is given is no connection",
    means:
      "A program joins the stack of another one by the output `connection` of that program, and was given something else: another output, the whole stack reference, or a connection of a version of the components that this one does not know. Nothing was changed.",
    remedy:
      'Export `stack.connection` in the program that has the stack, deploy that, and hand over `reference.requireOutput("connection")` ([one stack, several programs](../programs.md#one-stack-several-programs)). If the message is about its version, use the same version of `@observability/stack` in both programs and deploy the one that has the stack first.',
  },
  OBS1004: {
    title: "Settings are about workloads that there are not",
    means:
      "A setting that is for one workload, such as those in `kubernetes.resources`, names one that the program does not declare. Which ones it declares is known at its end only. With the commands nothing was changed. With plain `pulumi up` the preview fails; where that was skipped, what the program has declared is deployed, and the setting has no effect.",
    remedy:
      "Correct the name: it is that of the service, or of a part of the stack, as `npm run preview` lists them. Remove the setting if the workload is gone.",
  },
  OBS1005: {
    title: "A program refuses its configuration",
    means:
      "What you add to the configuration of the Collector or of Grafana's alerting looks right, and the program that reads it refuses it all the same: an unknown field of a processor, a component that its image does not have. The message quotes the program's own words, secrets left out. `npm run up` asks the program in a container of its own before it changes anything; with plain `pulumi up` a check runs before the part is replaced, and the old one goes on.",
    remedy:
      "Correct the setting that the message begins with by what the program says. A component of the Collector has to be in the image that `observability:images` names, and its fields are those of that version. On Kubernetes the check is a job of the deployment: its log has all of the words.",
  },
  OBS1006: {
    title: "A preview of a program cannot be made",
    means:
      "`previewStack`, or another preview of `@observability/stack/testing`, runs a program without an engine, and cannot run this one: it was called within the program that is previewed, the program calls a function of a provider, two resources have one URN, the options are wrong, or the state that it is to be compared with is none. Nothing is ever changed by a preview.",
    remedy:
      "Make the preview outside of the program, and hand over what a provider would have answered as an argument of the program. Rename one of two resources of one type and name. As a state hand over what `pulumi stack export` prints, as text or parsed ([previews](../previews.md)).",
  },
  OBS1007: {
    title: "Pulumi.yaml or the settings file of a stack cannot be read as it is meant",
    means:
      "`Pulumi.yaml` or the settings file of a stack (`Pulumi.dev.yaml`) is not there, is not readable, is no text in UTF-8 or no YAML, or holds something that Pulumi would ignore or read as another value: a setting beside `config:`, a number such as `1_000`, a key that is there twice. The message has the line and the column. It never quotes a value, which may be a secret. Nothing was changed.",
    remedy:
      "Correct the place. Put text that looks like something else in quotes, settings below `config:` as `observability:NAME`, and blanks in place of tabs. An editor that knows YAML's language server completes and checks the file by its first line. `Pulumi.yaml` belongs to the repository: get it back from there.",
  },
  OBS1008: {
    title: "An option of a command is wrong",
    means:
      "A command was called with an option that it does not have, with a value that the option cannot have, with an option of another target, or without what it asks to be confirmed. The command has changed nothing.",
    remedy:
      "See the usage below the message, which `-- --help` shows as well. npm hands options on only behind `--`: `npm run up -- --stack shop`. `--context` and its like need `--target kubernetes`. `--destroy-data` and `npm run restore` ask at the terminal; where there is none, a script has to say `--yes`.",
  },
  OBS1009: {
    title: "There is no such stack",
    means:
      "`--stack` names a stack that has no settings file in this folder and is not in the state. It may be a slip of the pen (the message names the stack that is near), another folder, or another backend. Nothing was changed.",
    remedy:
      "Name one of the stacks in the message. A new one is made by `npm run up -- --stack NAME --target docker` or `kubernetes`. If the stack is in another backend, set `PULUMI_BACKEND_URL` as it was when the stack was deployed ([plain Pulumi](../plain-pulumi.md)).",
  },
  OBS1010: {
    title: "A stack has another target",
    means:
      "A stack runs on Docker or on Kubernetes for all its life, and a command or the setting `observability:target` names the other one. Its data would stay behind. Nothing was changed.",
    remedy:
      "Put `observability:target` back, or leave `--stack` or `--target` out. For the other target use another stack: `npm run up -- --target kubernetes --stack NAME`. Both can run beside each other with other `ports` and another `name`.",
  },
  OBS1011: {
    title: "The lock of images cannot be used",
    means:
      "`images.lock.json` beside `Pulumi.yaml` says which image each tag is, and is not what `npm run images:lock` writes: it cannot be read, is no JSON, was edited or merged wrongly, or is of a version of the program that this one does not know. The message has a line for each place. Without it any image could run, so nothing is deployed or previewed. Nothing was changed.",
    remedy:
      "Put the file back from git. After a merge with conflicts take either side whole, or remove the file; then `npm run images:lock` for each stack asks the registries anew. Look at what is different before you commit it ([locked images](../air-gap.md#the-same-images-everywhere)).",
  },
  OBS1101: {
    title: "Node.js is too old",
    means:
      "The program is TypeScript that Node.js runs as it is, which takes 22.18 or newer. The npm scripts bring their own Node.js as a package; an installation without install scripts lacks it and takes the machine's. Nothing was changed.",
    remedy:
      "Run `npm ci` without `--ignore-scripts`, then the command again by `npm run`. For plain `pulumi` put a Node.js of 22.18 or newer on the `PATH`, or use `npm run pulumi -- …`.",
  },
  OBS1102: {
    title: "There is no Pulumi CLI that works",
    means:
      "The `PATH` has no Pulumi CLI that is new enough, and the pinned one could not be downloaded: there is no network, a proxy is in between, the archive is not the one of its checksum, there is none for this system. Or a CLI is there and does not answer `pulumi version`. Nothing of the stack was changed. What was downloaded is kept, and the next command goes on from there.",
    remedy:
      "With a proxy, set `HTTPS_PROXY` and `NODE_USE_ENV_PROXY=1`. Without a network, install the [Pulumi CLI](https://www.pulumi.com/docs/iac/download-install/) yourself. Remove one that does not answer from the `PATH`, or from `~/.pulumi/versions`.",
  },
  OBS1103: {
    title: "A plugin of Pulumi is missing",
    means:
      "Pulumi talks to Docker and Kubernetes by plugins, which it downloads at the first use. One of them is not there and may not be downloaded (`PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION`), or the download has failed. A check before the deployment has changed nothing; a failure during it keeps what was done so far.",
    remedy:
      "With a network: `npm run pulumi -- plugin install resource NAME VERSION`, with the version of the message. Without one, copy the folder of `~/.pulumi/plugins` from a machine that has it; `PULUMI_HOME` says where that folder is. `npm run doctor` shows which plugins are there.",
  },
  OBS1104: {
    title: "A port of this machine is taken",
    means:
      "Another program, or a container that is not of this stack, listens on a port that the stack publishes on this machine. The message says which, as far as this user may see it. `npm run up` looks before it changes anything, and `npm run open` before it opens anything. Where another program was quicker during a deployment, what was done so far is kept.",
    remedy:
      "Stop the other program, or choose another port: `observability:ports` for the parts, `observability:apiPort` for the example, `hostPort` for a service of your own ([settings](../settings.md)). Two stacks on one machine need different ports for each. On Kubernetes the ports are those of `npm run open` alone.",
  },
  OBS1105: {
    title: "A disk is full",
    means:
      "The disk of the state, of Docker, or of what is downloaded has less room than a deployment needs, or has run full. `npm run up` looks before it changes anything; if it happens during a deployment, what was done so far is kept.",
    remedy:
      "Make room: `docker system df` shows what Docker uses, `docker image prune` removes images that nothing uses. Do not remove volumes: they hold the stack's data. The stores take less with a shorter `observability:retentionHours`. In a virtual machine of Docker Desktop or Colima it is the disk of that machine.",
  },
  OBS1106: {
    title: "A file or a folder cannot be used",
    means:
      "The system refuses the command a file or a folder that it needs: it may belong to another user after a command with `sudo`, be read-only, be a folder in place of a file, or lie on a file system without locks. The message has the path and the system's words. What the command had done before is kept.",
    remedy:
      "See who owns the path and its folder (`ls -ld`), and give it to the user who runs the commands: `sudo chown -R $USER .pulumi-state`. The state needs a file system with locks; `PULUMI_BACKEND_URL` keeps it elsewhere.",
  },
  OBS1201: {
    title: "Docker is not installed",
    means:
      "There is no `docker` command on the `PATH`. Docker is needed for the target docker, and for the target kubernetes to build the image of the example services. Nothing was changed.",
    remedy:
      "On Debian and Ubuntu `npm run up -- --yes` installs it. On macOS install Docker Desktop or Colima, elsewhere see [Docker's own pages](https://docs.docker.com/get-docker/). On Kubernetes without the example (`observability:exampleServices: false`) no Docker is needed.",
  },
  OBS1202: {
    title: "The Docker daemon of this machine is stopped",
    means:
      "The `docker` command is there, and nothing listens at `/var/run/docker.sock`. On Linux `npm run up` starts the daemon by itself and could not, or it was another command. Nothing was changed.",
    remedy:
      "Start it: `sudo systemctl start docker` (or `sudo service docker start`), Docker Desktop on macOS and Windows, or `colima start`. If it does not come up, `journalctl -u docker` has its last words. For a daemon elsewhere set `DOCKER_HOST`.",
  },
  OBS1203: {
    title: "This user may not use Docker",
    means:
      "The daemon runs and refuses its socket to the user of the command, who is not in the group `docker`. Nothing was changed.",
    remedy:
      "`sudo usermod --append --groups docker $USER`, then log in again or `newgrp docker`. Whoever is in that group is as good as root on the machine. A rootless daemon, named by `DOCKER_HOST`, needs no such right. Do not run the commands with `sudo`: the state would belong to root afterwards.",
  },
  OBS1204: {
    title: "A Docker daemon cannot be reached",
    means:
      "The daemon that `DOCKER_HOST`, `DOCKER_CONTEXT` or the current context names does not answer, or there is no such context. Or the daemon went away during a deployment: then what was done so far is kept, and the next `npm run up` goes on.",
    remedy:
      "`docker context ls` and `docker info` show which daemon is asked and what it says. Start it, or choose another one by `docker context use` or `DOCKER_HOST`; `observability:docker.host` has precedence over both. Over SSH the login has to work without a question.",
  },
  OBS1205: {
    title: "Docker could not be installed or started",
    means:
      "`npm run up` has called the system's package manager or service manager, as it has said, and that has failed. Its own words stand above the message. Of the stack nothing was changed.",
    remedy:
      "Solve what the words say: mostly no network, another package manager that runs at the same time, or a user without `sudo`. Or install and start Docker by hand, then `npm run up`.",
  },
  OBS1206: {
    title: "A command of Docker has failed",
    means:
      "The daemon answers and refuses something that is none of the more usual causes. The message has the command and the daemon's words. Before the deployment nothing was changed, later what was done so far is kept.",
    remedy:
      "Solve what the daemon says, then repeat the command, which goes on where it ended. `docker events` and the daemon's log (`journalctl -u docker`) say more.",
  },
  OBS1207: {
    title: "A name in Docker belongs to something else",
    means:
      "A container, a network or a volume that the stack is to create has a name that is taken: by another stack of the same `observability:name`, or by an object that does not belong to this project. It is never touched. `npm run up` looks before it changes anything; plain `pulumi up` fails at that object and keeps what it had done.",
    remedy:
      "Set another `observability:name` for one of two stacks. Of an object of no stack, see what it is by `docker inspect NAME`, and rename or remove it.",
  },
  OBS1208: {
    title: "Two stacks use one volume",
    means:
      "A volume with data is in the state of two stacks, or containers of another stack use it. Plain `pulumi up` gives a volume to every stack that names it, and Pulumi would delete it for each of them. `npm run up` and `npm run down -- --destroy-data` refuse that; nothing was changed.",
    remedy:
      "Decide which stack keeps the data. Set another `observability:name` for the other one before it is deployed. If it is in the state already, have that stack forget it by the two commands of the message, for each volume that they share.",
  },
  OBS1209: {
    title: "An image cannot be had",
    means:
      "An image is not on this machine, and could not be pulled: its name is wrong, its registry is not reachable or wants a login, or there is none for this processor. `npm run up` pulls before it changes anything; with plain `pulumi up` what was done so far is kept.",
    remedy:
      "Look at the name in `observability:images` and `observability:imageRegistry`, or of your service; log in by `docker login`. Without a network, bring it by `docker save` and `docker load`: an image that is there is not pulled.",
  },
  OBS1210: {
    title: "A container that prepares another one has failed",
    means:
      "On Docker a container that runs once has not ended well: a step before a service, a copy of files out of an image, or one that waits until a service answers. What depends on it was not started; what runs already goes on.",
    remedy:
      "The command in the message, `docker logs NAME`, shows what it printed. Correct the step's command, the path in the image, or the service that does not answer (`docker logs` of that one), then deploy again.",
  },
  OBS1211: {
    title: "No registry knows the digest of an image",
    means:
      "`npm run images:lock` asks the registry of each image for its digest, and one does not answer, wants a login, or has no such image: it may have been built or loaded on this machine alone, which makes no digest that another machine could go by. The message names each such image. `images.lock.json` was not written or changed.",
    remedy:
      "Look at the network and at `docker login`. Push an image of your own to a registry, and name it there by `observability:images` or `observability:imageRegistry`. An image that the settings name by a digest (`repository:tag@sha256:…`) is not asked for. Then `npm run images:lock` again.",
  },
  OBS1301: {
    title: "The kubeconfig lacks the cluster",
    means:
      "The kubeconfig of `KUBECONFIG`, `kubernetes.kubeconfig` or `~/.kube/config` is not there or cannot be read, does not have the context that `kubernetes.context` names, or has it without its cluster or user. There is no default context, so that nothing is deployed by accident. The cluster was not asked, nothing was changed.",
    remedy:
      "`kubectl config get-contexts` lists what there is; name one by `npm run up -- --target kubernetes --context NAME`, which is kept in the settings. Another file is named by `KUBECONFIG` or `--kubeconfig FILE`. Your cloud's or cluster's own tool writes a context that is missing.",
  },
  OBS1302: {
    title: "The cluster does not accept the login",
    means:
      "The API server has answered 401: the token or the certificate of the context's user has expired, or belongs to another cluster. Nothing was changed by the request that was refused.",
    remedy:
      "Log in to the cluster again, as its provider says, then repeat the command. `kubectl --context NAME get namespaces` shows whether the login works.",
  },
  OBS1303: {
    title: "The cluster cannot be reached",
    means:
      "The API server of the context does not answer, or not in time: the cluster is stopped, the machine is not in its network (VPN), or the address in the kubeconfig is an old one. Before the deployment nothing was changed, later what was done so far is kept.",
    remedy:
      "Start the cluster or the VPN, and try `kubectl --context NAME version`. A local cluster (kind, minikube, k3d) may have another port after a restart: have its tool write the kubeconfig again. Another cluster is named by `--context`.",
  },
  OBS1304: {
    title: "The user of the context may not do what is needed",
    means:
      "Kubernetes' access control refuses the user of the context something that the stack, or the command, needs. `npm run up` asks for every permission first and lists all that are missing, before anything is changed; so do `npm run backup` and `npm run restore`, before they stop a store.",
    remedy:
      "Have them granted by a Role or ClusterRole with the verbs of the message, or use a context with more rights. For the whole cluster the stack needs few: [what it creates](../kubernetes.md#what-it-creates) says which, and which settings do without them.",
  },
  OBS1305: {
    title: "The cluster is too old",
    means:
      "The cluster runs a Kubernetes before 1.30, in which a pod cannot wait before it stops without a shell in its image. Nothing was changed.",
    remedy: "Update the cluster, or name another one by `npm run up -- --target kubernetes --context NAME`.",
  },
  OBS1306: {
    title: "The namespace cannot be used",
    means:
      "The namespace of the stack is not there although it is not to be created, is about to be deleted, is not of this stack, or has another stack in it, whose services would have the same host names. Nothing was changed.",
    remedy:
      "Name another by `kubernetes.namespace` or `--namespace`. One that others manage is used with `kubernetes.createNamespace: false`, and has to be there first. One that is being deleted has to be gone: `kubectl get namespace NAME -o yaml` says what it waits for.",
  },
  OBS1307: {
    title: "There is no such storage class",
    means:
      "The stores keep their data in claims, which need a storage class: the one that is set is not in the cluster, or none is set and the cluster has no default. Without one the pods would wait for ever. Nothing was changed.",
    remedy:
      "Name one of `kubectl get storageclasses` by `npm run up -- --target kubernetes --storage-class NAME`. It cannot be changed later without moving the data.",
  },
  OBS1308: {
    title: "A quota of the namespace leaves too little",
    means:
      "A ResourceQuota of the namespace leaves less memory, processor, storage or pods than the stack and its services ask for. What the stack takes already is not counted twice. Nothing was changed.",
    remedy:
      "Have the quota raised to what the message says, or ask for less: `observability:memoryMib`, `kubernetes.resources`, `kubernetes.storageGib`, fewer replicas of services, or without the example (`observability:exampleServices: false`).",
  },
  OBS1309: {
    title: "A pod of the stack fails",
    means:
      "A pod does not come up in a way that waiting does not change: its image cannot be pulled, no node has room for it, its process ends, a volume cannot be attached. Or a command in a pod has failed, or there is no pod that is ready to run it. `npm run up` ends the deployment at once; what was done so far is kept.",
    remedy:
      "The message has the reason, the last lines and the next command. [When it does not start](../kubernetes.md#when-it-does-not-start) goes through the reasons. Then `npm run up`, which repairs what is left of it.",
  },
  OBS1310: {
    title: "The nodes have another platform than the image that is built",
    means:
      "The image of the example services is built for one platform, and a node that its pods may run on has another one, as with a Mac that builds for an amd64 cluster. Its containers would end with `exec format error`. Nothing was changed.",
    remedy:
      "Set `observability:docker.buildPlatform` to the platform of the nodes as the message says. In a cluster of several, choose nodes of one by `kubernetes.nodeSelector`.",
  },
  OBS1311: {
    title: "An image does not get into the cluster",
    means:
      "An image that is built here has to get into the cluster: by `kubernetes.registry`, by `kubernetes.loadCommand`, or by the tool that the name of the context stands for (`kind load`, `minikube image load`). That tool is not on the `PATH`, or it has failed. If it is missing nothing was changed; if it failed during the deployment, what was done so far is kept.",
    remedy:
      "Install the tool, or say another way by `--registry REGISTRY` or `--load-command COMMAND` ([images](../kubernetes.md#images)). Run the command of the message by hand, with `IMAGE` set to the image's name, to see all that it says.",
  },
  OBS1312: {
    title: "An object does not go",
    means:
      "An object of Kubernetes was deleted and is still there after two minutes: a finalizer holds it, or a pod that does not end. What was removed before is gone, the rest is there.",
    remedy:
      "`kubectl describe` of the object shows the finalizer or the pod that holds it. Solve that, then repeat `npm run down`, which goes on with the rest.",
  },
  OBS1313: {
    title: "The state belongs to another cluster",
    means:
      "The namespace or the data volumes that the state knows are not those of the cluster behind the context: the context points to another cluster now, the cluster was made anew, or somebody has deleted them by hand. A deployment would forget the data in the other cluster. Nothing was changed.",
    remedy:
      "For another cluster name the right context: `npm run up -- --target kubernetes --context NAME`. If they were deleted by hand, or the cluster is gone for good, make the state forget them by `npm run pulumi -- refresh --stack NAME`, then `npm run up`.",
  },
  OBS1314: {
    title: "The cluster refuses a request",
    means:
      "The API server has understood a request and refuses it, or fails at it, with a status that is none of the more usual causes: a webhook of the cluster that objects or does not answer, a server that is overloaded, an object that somebody else has changed meanwhile. Before the deployment nothing was changed, later what was done so far is kept.",
    remedy:
      "Solve what the message says, or have the cluster's administrator do it, then repeat the command. A status from 500 on often goes by itself.",
  },
  OBS1401: {
    title: "Another command is changing the stack",
    means:
      "An `up`, a `down` or a `pulumi` of another terminal, or of a scheduled job, works on this stack. The message has its process as far as it is known. This command has changed nothing.",
    remedy:
      "Wait until it has ended, then repeat the command. The lock belongs to the process and goes with it, also if that is killed. Of one that hangs, end the process that the message names.",
  },
  OBS1402: {
    title: "A lock is left of which it is not known whether it counts",
    means:
      "Pulumi's lock of the stack was made on another machine, or its file cannot be read, so nobody here can tell whether its process still runs. This command has changed nothing. A lock of a process of this machine that is gone is released without a word of yours.",
    remedy:
      "Make sure that nothing works on the stack on the other machine; then `npm run pulumi -- cancel --stack NAME`, and repeat the command.",
  },
  OBS1403: {
    title: "The command was interrupted",
    means:
      "Ctrl-C or a signal has ended the command. After the first one Pulumi finishes what is under way, after the second it stops at once. What was done so far is kept. An interruption before the deployment has changed nothing. The exit code is 130.",
    remedy:
      "`npm run up` goes on: it finds out what was cut off, and looks at what is there. `npm run down` stops what was started.",
  },
  OBS1404: {
    title: "The deployment has failed",
    means:
      "Pulumi's engine, or a provider, reports a failure that is none of those with a code of their own. The message has the first lines of what it says. What was done so far is kept, in the state as well; data is not removed.",
    remedy:
      "Solve what the message says, then `npm run up` (or `npm run down`), which goes on from there. `npm run pulumi -- preview --diff` shows what is left to do. If it is the same each time, and its cause is not on this machine, it is a fault of the product: report it with the message.",
  },
  OBS1405: {
    title: "A state cannot be read",
    means:
      "The file of the stack's state, or of another stack that may own objects of the same name, is damaged or not of Pulumi. Nothing was changed.",
    remedy:
      "Put it back from a copy: Pulumi keeps the last ones in `.pulumi-state/.pulumi/backups`, and a `.bak` beside the file. `npm run pulumi -- stack export --stack NAME` shows whether it can be read. What runs goes on meanwhile.",
  },
  OBS1406: {
    title: "The passphrase of the state is missing or another one",
    means:
      "The secrets in the state are encrypted with a passphrase, which is in `.pulumi-state/passphrase` unless the environment names another. That file is gone or cannot be read, or the passphrase does not fit the state. Nothing was changed.",
    remedy:
      "Put the file back from a copy, or set `PULUMI_CONFIG_PASSPHRASE` or `PULUMI_CONFIG_PASSPHRASE_FILE` to the one that the stack was made with. Without it that state cannot be used any more. On Docker `npm run up` without a state takes over the volumes with their data.",
  },
  OBS1407: {
    title: "Pulumi cannot open the stack",
    means:
      "The Pulumi CLI works, and refuses the stack before a deployment begins: its backend does not answer or wants a login, the stack's name is taken in another way, its protection could not be taken off. The message has its own words. Nothing was removed or deployed.",
    remedy:
      "Solve what it says; `npm run pulumi -- stack --stack NAME` shows it again. With `PULUMI_BACKEND_URL` see whether `pulumi login` to it works.",
  },
  OBS1408: {
    title: "A part or a service does not get healthy",
    means:
      "The deployment has ended well, and something that it has started is not healthy in the time that it is given: its process ends, or does not answer. The message has its last lines. Everything is kept as it is, and runs on.",
    remedy:
      "The command in the message shows more of its log. Mostly it lacks memory (`observability:memoryMib`), its configuration is wrong in a way that only a start shows, or its data is of a newer version. `npm run up` replaces what is broken.",
  },
  OBS1501: {
    title: "The stack is not deployed, or does not run",
    means:
      "A command asks something of a stack of which there is nothing to ask: it was never deployed, was stopped by `npm run down`, or a part of it is down. Nothing was changed. The data of a stack that was stopped is kept.",
    remedy:
      "`npm run up`, which starts what is stopped and replaces what is broken. If another stack was meant, name it by `--stack`, or by `--target kubernetes`.",
  },
  OBS1502: {
    title: "Nothing has arrived of a service of this name",
    means:
      "`npm run verify -- --service NAME` looks for a `service.name`, and the stores have none of this name of the last day. The message has names that are near. Mostly the namespace in front is missing (`apps-checkout` for the service `checkout`), or the service sends nothing.",
    remedy:
      "Take one of the names of the message, or find out by `npm run why -- NAME` why nothing arrives: it looks at the processes, their environment and the way to the Collector.",
  },
  OBS1503: {
    title: "The stack has no such address",
    means:
      "With `observability: false` the services run alone: there is no Grafana and no Collector, and what a command asks of them has nobody to answer. Nothing was changed.",
    remedy: "Set `observability:observability` to `true`, then `npm run up`; or do without the command.",
  },
  OBS1504: {
    title: "The data is there and its state is lost",
    means:
      "On Kubernetes there are claims with the stack's labels, and the state does not know them: the state was deleted, is in another backend, or is of another folder. A deployment would find their names taken. Nothing was changed. On Docker volumes are taken over instead.",
    remedy:
      "Put the state back: `.pulumi-state` from a copy, or `PULUMI_BACKEND_URL` as it was. Only if the data is not wanted any more: `npm run down -- --destroy-data` removes it for good.",
  },
  OBS1505: {
    title: "There is nobody that alerts are told to",
    means:
      "`npm run alert:test` sends an alert to each contact point, and the settings have none: every alert would only be seen by those who look at Grafana. Nothing was changed.",
    remedy:
      "Add a contact point to `observability:alerts` ([the first message](../alerts.md#the-first-message)), `npm run up`, then `npm run alert:test` again.",
  },
  OBS1506: {
    title: "Grafana does not answer",
    means:
      "A command has asked Grafana, or the Collector, of a stack that is deployed, and got no answer: it is about to start, was stopped by hand, or another program has its port. What is deployed was not changed by the question.",
    remedy:
      "`npm run verify` says which part is down, and `npm run up` starts it again. The command in the message shows Grafana's log. Where the addresses are behind a tunnel or a proxy (`HTTP_PROXY`), 127.0.0.1 has to be left out of it.",
  },
  OBS1507: {
    title: "The verification has failed",
    means:
      "A request was sent through the stack, or a service's own telemetry was looked for, and not all of it was found: each line that says FAILED has the cause and what to do next. The stack is deployed and nothing was taken back.",
    remedy:
      "Go by the first line that has failed: those below it often follow from it. Repeat it by `npm run verify`; right after a start it may only take longer than it is given. Of a service, `npm run why -- NAME` says why something does not arrive.",
  },
  OBS1508: {
    title: "A contact point was not told",
    means:
      "The test alert of `npm run alert:test` has not reached a contact point: Grafana could not send it (the message has its words, secrets left out), or did not try to in two minutes. Alerts would not reach it either. Nothing was changed, and the test alert is over.",
    remedy:
      "Correct the address, the token or the mail server in `observability:alerts` and its secret, `npm run up`, then `npm run alert:test`. Grafana needs a way to the receiver: from a container `localhost` is the container itself, and on Kubernetes a network policy may be in between.",
  },
  OBS1601: {
    title: "The file is no bundle for this machine",
    means:
      "`npm run up -- --bundle FILE` was given a file that is not there, that `npm run bundle` has not written, or that was written for another system or processor: Pulumi's programs and npm packages are for one of them. Nothing was changed.",
    remedy:
      "A relative path begins at the project's folder. Make a bundle on a machine of the same kind: Linux for Linux, x64 for x64. The file is a tar archive whose first member is its manifest (`tar -tf FILE` lists them); do not pack it anew.",
  },
  OBS1602: {
    title: "A bundle is damaged, or there is no room for it",
    means:
      "What a bundle holds is not what it says that it holds: it was cut off or changed on its way, or the disk has no room for what is taken out of it. A program of Pulumi is checked by its SHA-256 and an image by its digest; of what was not right nothing is left. Nothing was deployed.",
    remedy:
      "Compare `sha256sum FILE` with what `npm run bundle` has printed, copy the file again, and make room: Docker needs as much as the images take once more, beside the file.",
  },
  OBS1603: {
    title: "A bundle cannot be written",
    means:
      "`npm run bundle` has a file of that name already, or an image of the program is named by a digest, which Docker forgets of what it loads from a file, or git cannot tell what belongs to the project, since the folder is no clone. No bundle was written; images and plugins that were downloaded until then are kept.",
    remedy:
      "Remove the file or name another one. Name the image by its tag: the bundle has the digest of each image and compares it when it is used. In a copy of the project without git, `git init` is enough: what is not ignored belongs to it.",
  },
  OBS1701: {
    title: "A folder is no backup that is whole",
    means:
      "`npm run restore` was given a folder without a manifest, with one of a newer version of this project, or with a file that is missing or has another size or checksum than the manifest says. A backup that was cut off has no manifest, and a folder that begins with `.backup-` is one that was killed. Nothing was changed.",
    remedy:
      "A relative path begins at the project's folder. Copy the backup again, all of its files, or take an older one. If a newer version has written it, use that version of the project.",
  },
  OBS1702: {
    title: "A backup does not fit the stack",
    means:
      "A store of the stack is older than the one whose data is in the backup, is of another major version, or has an image whose tag does not tell its version; or the stack does not run that store at all. It could start on the data and fail later. Nothing was changed.",
    remedy:
      "Set `observability:images` to what the message says, `npm run up`, then restore; a newer version can be deployed afterwards, as with any data. With `observability: false` a stack has no stores.",
  },
  OBS1703: {
    title: "The folder of a backup is there already",
    means: "`npm run backup` writes a new folder and never into one that is there. Nothing was changed.",
    remedy: "Name another folder, for example by the day (`backups/$(date +%F)`), or remove the old one.",
  },
  OBS1704: {
    title: "The data of a store could not be copied",
    means:
      "While a store was stopped, its data could not be read, written or unpacked; the message has the reason and says what the stores have now. A backup leaves nothing behind. A restore unpacks beside the old data, which goes only when all of the new is there; so until then the disk needs room for both.",
    remedy:
      "Solve what the message says: mostly a disk that is full, or files that were put into the volume by hand for another user. The stores are started again in any case; if one is not up, `npm run up` repairs it. Then repeat the command.",
  },
} as const satisfies Readonly<Record<`OBS${number}`, ErrorPage>>;

/** Code of an error, which is the name of its page in docs/errors. */
export type ErrorCode = keyof typeof errorCodes;

/** Path of a code's page in the repository. */
export function errorPagePath(code: ErrorCode): string {
  return `docs/errors/${code}.md`;
}
