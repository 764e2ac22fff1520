import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ended } from './cli.ts'

/** Where the census asks from on a stage: outside of what it asks. */
export const stageClient = '198.51.100.1'

export interface StageOptions {
  /** For what the stage needs; it must be there until the stage is closed. */
  readonly folder: string
  /** Prefixes of which every address is this machine's; ports nobody listens on refuse. */
  readonly local: readonly string[]
  /** Prefixes from which nothing comes back. */
  readonly silent?: readonly string[]
  /** Users that programs want and this machine may lack, each with a group of its name; there on the stage only. */
  readonly users?: readonly string[]
}

/** Namespaces of their own: addresses, processes, mounts and a host name. No packet leaves, no process survives. */
export interface Stage {
  /** Starts a command on the stage. */
  readonly spawn: (command: readonly string[], options?: StageCommand) => ChildProcess
  /** Ends everything that was started on the stage, and the stage. */
  readonly close: () => Promise<void>
}

export interface StageCommand {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export const isRoot = process.getuid?.() === 0

/** Root does without a user namespace, in which there would be no other user than itself. */
const kinds = ['--net', '--pid', '--mount', '--uts', ...(isRoot ? [] : ['--user'])]
const unshare = [...kinds, ...(isRoot ? [] : ['--map-root-user']), '--fork', '--kill-child', '--']

/** Why no stage can be made on this machine; undefined when one can. */
export function stageMissing(): string | undefined {
  if (process.platform !== 'linux') return `namespaces are Linux’s, and this is ${process.platform}`
  const absent = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'ss'].filter(
    (name) => programPath(name) === undefined,
  )
  if (absent.length > 0) return `not on this machine: ${absent.join(', ')} (Debian: util-linux, mount, iproute2)`
  const { status, stderr } = spawnSync('unshare', [...unshare, 'ip', 'link', 'set', 'lo', 'up'], {
    encoding: 'utf8',
    env: { PATH: path },
  })
  return status === 0 ? undefined : `no namespaces can be made here: ${stderr.trim()}`
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const hostname = 'stage.example.test'

/** Where a program is, or a file given by its path; undefined when it is nowhere. */
export const programPath = (name: string): string | undefined =>
  (name.startsWith('/') ? [name] : path.split(':').map((folder) => join(folder, name))).find((each) => existsSync(each))

/** Makes a stage. @throws Error when it cannot be made */
export async function openStage({ folder, local, silent = [], users = [] }: StageOptions): Promise<Stage> {
  // Names are looked up in a file, and then with nobody: no server waits for an answer that cannot come.
  const etc = {
    hosts: `127.0.0.1 localhost\n${stageClient} ${hostname}\n`,
    'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
    passwd: withUsers('/etc/passwd', users, (name, id) => `${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin`),
    group: withUsers('/etc/group', users, (name, id) => `${name}:x:${id}:`),
  }
  for (const [name, text] of Object.entries(etc)) writeFileSync(join(folder, name), text)
  const routes = (prefixes: readonly string[], type: string): string[] =>
    prefixes.map((each) => `ip route add ${type}${each} dev lo${each.includes(':') ? '' : ` src ${stageClient}`}`)
  const script = [
    'set -e',
    // /proc is still the outer one: this is what the process is called outside.
    'read -r pid rest </proc/self/stat',
    `hostname ${hostname}`,
    'ip link set lo up',
    `ip address add ${stageClient}/32 dev lo`,
    ...routes(local, 'local '),
    // Such a packet comes back to lo, is for nobody there, and is forwarded to nobody.
    ...routes(silent, ''),
    ...Object.keys(etc).map((name) => `[ ! -e /etc/${name} ] || mount --bind '${join(folder, name)}' /etc/${name}`),
    ...['/run', '/var/lib', '/var/log', '/var/spool'].map((each) => `mount -t tmpfs -o mode=755 stage ${each}`),
    'echo "$pid"',
    // The first process of the namespace: when it ends, the kernel ends all others. It ends when nobody holds its input any more.
    'cat >/dev/null',
  ]
  const first = spawn('unshare', [...unshare, '/bin/sh', '-c', script.join('\n')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: path },
  })
  const gone = new Promise<void>((resolve) => first.on('close', () => resolve()))
  let said = ''
  first.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const pid = await Promise.race([
    new Promise<string>((resolve) => first.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()))),
    gone.then(() => Promise.reject(new Error(`the stage cannot be made: ${said.trim()}`))),
  ])

  const enter = ['--target', pid, ...kinds, ...(isRoot ? [] : ['--preserve-credentials']), '--']
  // Namespaces keep packets and processes in, but have no clock of their own: nobody on the stage may set it.
  const tame = ['setpriv', '--bounding-set', '-sys_time', '--inh-caps', '-sys_time']
  return {
    spawn: (command, { cwd = '/', env = {} } = {}) =>
      spawn('nsenter', [...enter, ...tame, '/bin/sh', '-c', 'cd "$0" && exec "$@"', cwd, ...command], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: path, LANG: 'C.UTF-8', ...env },
      }),
    close: async () => {
      first.stdin.end()
      const timer = setTimeout(() => first.kill('SIGKILL'), 5000)
      await gone
      clearTimeout(timer)
    },
  }
}

/**
 * The far side of a wire: a network namespace beside the stage's own, where a prefix is. What is spawned there is asked from
 * the stage through the wire, and sees the stage's client come from elsewhere.
 */
export async function farSide(stage: Stage, prefix: string): Promise<Stage> {
  const script = [
    'ip netns add far',
    'ip link add wire type veth peer name wire netns far',
    `ip link set wire up; ip route add ${prefix} dev wire src ${stageClient}`,
    'exec nsenter --net=/run/netns/far sh -ec "$0"',
  ]
  const far = `ip link set lo up; ip link set wire up; ip route add local ${prefix} dev lo; ip route add ${stageClient} dev wire`
  const { code, stderr } = await ended(stage.spawn(['sh', '-ec', script.join('\n'), far]))
  if (code !== 0) throw new Error(`no wire: ${stderr}`)
  // By the stage's name, the client would be taken for the server's own machine.
  const enter = [
    'nsenter',
    '--net=/run/netns/far',
    'unshare',
    '--uts',
    'sh',
    '-c',
    'hostname far.example.test; exec "$0" "$@"',
  ]
  return {
    ...stage,
    spawn: (command, options) => stage.spawn([...enter, ...command], options),
  }
}

function withUsers(file: string, users: readonly string[], line: (name: string, id: number) => string): string {
  const text = readFileSync(file, 'utf8')
  const absent = users.filter((name) => !text.includes(`\n${name}:`))
  return [text.trimEnd(), ...absent.map((name) => line(name, 20_000 + users.indexOf(name))), ''].join('\n')
}
