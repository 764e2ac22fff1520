import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quoted } from './measure.ts'

/* Where `bench:probe` measures: namespaces of its own, whose servers answer for every address that the rules leave alive. */

export const network = '10.1'
export const ports = ['25', '465', '587', '2525', '26']
export const timeoutMs = 1500

/** Where time servers answer: so many that the start of a program weighs what it does in practice. */
export const timePrefix = '10.4.0.0/14'

/** Of so many addresses, how many answer at each port. */
export const alive = (length: number): number => 2 ** (32 - length) / 64

/** The asker's end of the wire, and the router's. */
const [near, router] = ['10.255.255.1', '10.255.255.2']
/** Ports that scanners with a TCP stack of their own send from: the system does not hear of what comes to them. */
export const ownPort = '61000'

export const stagePath = (name: string): string => fileURLToPath(new URL(`stage/${name}`, import.meta.url))
export const staged = (name: string): string => quoted(stagePath(name))
export const node = quoted(process.execPath)

/** Where servers run. */
export interface Stage {
  /** Where packets for addresses that are not alive end. */
  readonly hook: 'input' | 'output'
  /** What starts something there. */
  readonly words: (words: readonly string[]) => readonly [string, readonly string[]]
  readonly close: () => void
}

function runIn({ words }: Stage, line: readonly string[], input = ''): string {
  const [name, args] = words(line)
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', input })
  if (status !== 0) throw new Error(`${line.join(' ')}: ${stderr}`)
  return stdout
}

/** This namespace: every address is its own, so that nothing leaves. */
const own: Stage = { hook: 'output', words: ([name = '', ...args]) => [name, args], close: () => undefined }

const serve = 'sysctl -qw net.core.somaxconn=65535 net.ipv4.tcp_max_syn_backlog=65535'

export function raise(): Stage {
  runIn(
    own,
    ['sh', '-e'],
    `ip link set lo up; ip route add local ${network}.0.0/16 dev lo; ip route add local ${timePrefix} dev lo; ${serve}`,
  )
  return own
}

/**
 * A second namespace at the other end of a wire, for peers that send packets of their own: nmap scans addresses of its own
 * machine one by one, and masscan and zmap know of no way but to a router.
 */
export async function wire(): Promise<Stage> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready && exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const far: Stage = {
    // What may not leave is an error to who sends packets of its own.
    hook: 'input',
    words: (words) => ['nsenter', ['--target', String(holder.pid), '--net', ...words]],
    close: () => holder.stdin.end(),
  }
  runIn(
    own,
    ['sh', '-e'],
    `ip link set lo up
     ip link add wire type veth peer name wire netns ${holder.pid}
     ip addr add ${near}/30 dev wire
     nft 'add table inet own; add chain inet own input { type filter hook input priority 0; }; add rule inet own input tcp dport ${ownPort} drop'`,
  )
  runIn(
    far,
    ['sh', '-e'],
    `ip link set lo up
     ip addr add ${router}/30 dev wire
     ip link set wire up
     ip route add local ${network}.0.0/16 dev lo; ${serve}`,
  )
  runIn(own, ['sh', '-e'], `ip link set wire up; ip route add default via ${router}`)
  // masscan does not end before a packet arrives, and a line is seldom as quiet as this one.
  const others = start(far, ['bash', '-c', `while sleep 0.5; do echo > /dev/udp/${near}/9; done`])
  return {
    ...far,
    close: () => {
      others.kill()
      far.close()
    },
  }
}

/** Only 1/64 of the addresses answers, 1/16 refuses, and the others are silent. */
export function thin(stage: Stage): void {
  runIn(
    stage,
    ['nft', '-f', '-'],
    `table inet stage {
  chain silence {
    type filter hook ${stage.hook} priority 0; policy accept;
    ip daddr != ${network}.0.0/16 accept
    ip saddr ${network}.0.0/16 tcp sport { ${ports.join(', ')} } accept
    ip daddr & 0.0.0.63 == 0 accept
    ip daddr & 0.0.0.15 == 1 reject with tcp reset
    drop
  }
}
`,
  )
}

/** The router's address on the link, which zmap does not find by itself where there is one neighbour. */
export function routerMac(): string {
  const listed = JSON.parse(runIn(own, ['ip', '-json', 'neigh', 'show', router])) as readonly {
    readonly lladdr?: string
  }[]
  const mac = listed[0]?.lladdr
  if (mac === undefined) throw new Error('the router of the stage is not known')
  return mac
}

export function start(stage: Stage, line: readonly string[]): ChildProcess {
  const [name, args] = stage.words(line)
  return spawn(name, args, { stdio: 'ignore' })
}

/** Starts the mail servers, and resolves when they listen. */
export async function startMail(stage: Stage): Promise<ChildProcess> {
  const servers = start(stage, [process.execPath, stagePath('server.mjs'), ...ports])
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: `${network}.0.64`, port: Number(ports.at(-1)) })
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return servers
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  servers.kill()
  throw new Error('the servers of the stage do not listen')
}

/** Writes a scope of the stage's first addresses, or of another prefix. @returns the file's path */
export function scopeOf(folder: string, length: number, prefix = `${network}.0.0/${length}`): string {
  const file = join(folder, `scope-${length}.yaml`)
  writeFileSync(
    file,
    `owner: Bench
contact: bench@example.net
authorisation: a namespace of its own
valid: { from: 2000-01-01, to: 2099-12-31 }
addresses: ${2 ** (32 - length)}
coverage: partial
vantage: inside
private: true
ranges: [${prefix}]
rate: { per_second: 1000000, per_prefix: 1000000 }
`,
  )
  return file
}
