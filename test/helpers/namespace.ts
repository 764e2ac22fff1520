import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { censusCommand } from './cli.ts'

/** Where packets to targets come from. */
const client4 = '10.255.255.1'
const client6 = 'fd00:255::1'

const isRoot = process.getuid?.() === 0
const unshare: readonly string[] = [...(isRoot ? [] : ['--user', '--map-root-user']), '--net']

/** Why no namespace can be made here; undefined where one can. */
export function whyNoNamespace(): string | undefined {
  const words = [...unshare, 'sh', '-c', 'ip link set lo up && nft list ruleset && nsenter --version']
  const { status, stderr, error } = spawnSync('unshare', words, { encoding: 'utf8' })
  if (status === 0) return undefined
  return `no network namespace with ip and nft (Debian: util-linux, iproute2, nftables): ${error?.message ?? stderr.trim()}`
}

/** Packets that were sent since the last `watch`, to whom it was allowed and to anybody else. */
export interface Sent {
  readonly inside: number
  readonly outside: number
  /** Whom they were for. */
  readonly asked: readonly string[]
  readonly strays: readonly string[]
}

/** In the far namespace of a pair: its prefixes, of which some swallow what comes. */
const [farLocal, farSilent] = [
  ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15', '2001:db8::/32'],
  ['198.51.100.4/30'],
]

/** A network namespace where every address there is belongs to this machine: whatever is sent arrives, is counted, and goes no further. */
export class Namespace {
  readonly #holder: ChildProcess
  /** Where packets are counted. */
  readonly #hook: string

  private constructor(holder: ChildProcess, hook = 'output') {
    this.#holder = holder
    this.#hook = hook
  }

  static async #hold(hook?: string): Promise<Namespace> {
    const holder = spawn('unshare', [...unshare, 'sh', '-c', 'echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(holder.stdout ?? holder, 'data')
    return new Namespace(holder, hook)
  }

  static async open(): Promise<Namespace> {
    const namespace = await Namespace.#hold()
    namespace.run(
      ['sh', '-e'],
      `ip link set lo up
       ip addr add ${client4}/32 dev lo
       ip addr add ${client6}/128 dev lo nodad
       ip route add local 0.0.0.0/0 dev lo src ${client4}
       ip -6 route add local ::/0 dev lo src ${client6}`,
    )
    return namespace
  }

  /**
   * Two namespaces and a wire: one asks, the other is where it asks. Raw packets pass no hook where they are sent, so those
   * that arrive are counted. Wants root.
   */
  static async pair(): Promise<{ readonly near: Namespace; readonly far: Namespace }> {
    const [near, far] = [await Namespace.#hold(), await Namespace.#hold('prerouting')]
    near.run(
      ['sh', '-e'],
      `ip link set lo up
       ip link add wire type veth peer name wire netns ${far.#holder.pid}
       ip addr add ${client4}/30 dev wire
       ip addr add ${client6}/64 dev wire nodad`,
    )
    far.run(
      ['sh', '-e'],
      `ip link set lo up
       ip addr add 10.255.255.2/30 dev wire
       ip addr add fd00:255::2/64 dev wire nodad
       ip link set wire up
       ${farLocal.map((each) => `ip route add local ${each} dev lo`).join('\n')}
       ${farSilent.map((each) => `ip route add blackhole ${each} table local`).join('\n')}`,
    )
    near.run(
      ['sh', '-e'],
      `ip link set wire up
       ip route add default via 10.255.255.2
       ip -6 route add default via fd00:255::2`,
    )
    return { near, far }
  }

  /** The words that start something in it. */
  words(words: readonly string[]): [string, string[]] {
    const user = isRoot ? [] : ['--user', '--preserve-credentials']
    return ['nsenter', ['--target', String(this.#holder.pid), ...user, '--net', ...words]]
  }

  start(words: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [program, args] = this.words(words)
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  }

  census(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return this.start([...censusCommand, ...args], { env: { ...process.env, ...env } })
  }

  run(words: readonly string[], input = ''): string {
    const [program, args] = this.words(words)
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input })
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
    return stdout
  }

  /** Counts anew. What comes from elsewhere than the targets, and is no answer to the client, is a stray. */
  watch(targets: readonly string[]): void {
    const set = (type: string, list: readonly string[]): string =>
      `{ type ${type}; ${list.length === 0 ? '' : `elements = { ${list.join(', ')} };`} }`
    const dynamic = (type: string): string => `{ type ${type}; flags dynamic; size 65535; }`
    const [v4, v6] = [targets.filter((each) => !each.includes(':')), targets.filter((each) => each.includes(':'))]
    this.run(
      ['nft', '--file', '-'],
      `flush ruleset
table inet census {
  counter inside { }
  counter outside { }
  set targets4 ${set('ipv4_addr', v4)}
  set targets6 ${set('ipv6_addr', v6)}
  set asked4 ${dynamic('ipv4_addr')}
  set asked6 ${dynamic('ipv6_addr')}
  set strays4 ${dynamic('ipv4_addr')}
  set strays6 ${dynamic('ipv6_addr')}
  chain sent {
    type filter hook ${this.#hook} priority 0; policy accept;
${this.#hook === 'output' ? '' : '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } return\n    iif != wire return\n'}    ip daddr ${client4} return
    ip6 daddr ${client6} return
    ip daddr @targets4 add @asked4 { ip daddr } counter name inside return
    ip6 daddr @targets6 add @asked6 { ip6 daddr } counter name inside return
    meta nfproto ipv4 add @strays4 { ip daddr }
    meta nfproto ipv6 add @strays6 { ip6 daddr }
    counter name outside
  }
}
`,
    )
  }

  sent(): Sent {
    interface Listed {
      readonly nftables: readonly {
        readonly counter?: { readonly name: string; readonly packets: number }
        readonly set?: { readonly name: string; readonly elem?: readonly string[] }
      }[]
    }
    const { nftables } = JSON.parse(this.run(['nft', '--json', 'list', 'ruleset'])) as Listed
    const packets = (name: string): number => {
      const found = nftables.find(({ counter }) => counter?.name === name)?.counter
      if (found === undefined) throw new Error(`nothing counts what is ${name}`)
      return found.packets
    }
    const list = (name: string): string[] =>
      ['4', '6'].flatMap((family) => nftables.find(({ set }) => set?.name === `${name}${family}`)?.set?.elem ?? [])
    return {
      inside: packets('inside'),
      outside: packets('outside'),
      asked: list('asked').toSorted(),
      strays: list('strays'),
    }
  }

  /** Waits until no connection is under way: what a killed process leaves behind is the system's to end. */
  async quiet(): Promise<void> {
    while (this.run(['ss', '-Htan', 'state', 'connected', 'exclude', 'time-wait']).trim() !== '')
      await new Promise((resolve) => setTimeout(resolve, 50))
  }

  async close(): Promise<void> {
    const gone = once(this.#holder, 'close')
    this.#holder.stdin?.end()
    await gone
  }
}
