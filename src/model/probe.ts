/** What a certificate and a handshake say: RFC 5280, RFC 8446. */
export interface TlsFacts {
  /** `TLSv1.3` */
  readonly protocol: string
  readonly cipher: string
  /** Distinguished names as one line; empty where there are none. */
  readonly subject: string
  readonly issuer: string
  /** DNS names of the certificate's subject and alternative names. */
  readonly names: readonly string[]
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string
}

/** What a conversation wants of its connection. After `send` and `secure` it must ask to `hear`. */
export type Wish =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** To speak TLS from here on. */
  | { readonly kind: 'secure' }
  | { readonly kind: 'hear' }

/** What it is told when it asked to hear. `over`: nothing more will come, and why. */
export type Heard =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'secured'; readonly tls: TlsFacts }
  | { readonly kind: 'over'; readonly why: Over }

/**
 * Why a conversation ended: the peer closed, nothing came in time, more came than is taken (the byte budget), or TLS could
 * not be agreed on.
 */
export type Over = 'closed' | 'silent' | 'full' | 'no-tls'

/** What an application said of itself: the fields of an observation that a probe can tell. */
export interface Finding {
  /** Id of the service (data/services.json). */
  readonly module: string
  /** What it said, as text: what fingerprints are matched against. */
  readonly banner?: string
  readonly product?: string
  readonly version?: string
  readonly deviceType?: string
  readonly hostnames?: readonly string[]
  /** Short words: `starttls`, `anonymous`, `open-relay`. */
  readonly tags?: readonly string[]
}

/**
 * A conversation as a coroutine that opens nothing: it yields what it wants and returns what it found, or undefined when the
 * peer does not speak its protocol. The same bytes give the same finding however they are cut. It never throws on them.
 */
export type Conversation = Generator<Wish, Finding | undefined, Heard>

/** What a probe may know of whom and for whom it asks. */
export interface ProbeContext {
  /** The literal address that is asked. */
  readonly address: string
  readonly port: number
  /** Where to complain, in ASCII. */
  readonly contact: string
  /** This machine's literal address in the connection. */
  readonly from: string
  /** Whether the connection speaks TLS already. */
  readonly tls: TlsFacts | undefined
  /** For mail servers, where the check of open relays is asked for. */
  readonly relay?: Relay
}

/** What the check of open relays is made with. */
export interface Relay {
  /** A domain of the operator's that no target hosts or relays for. */
  readonly domain: string
  /** Whether servers may trust this machine, at that literal address, more than they trust the Internet. */
  readonly isInside: (from: string) => boolean
}

interface Facts {
  readonly id: string
  /** Sentences for `census list probes`: what is sent, why that does no harm, what proves that it is the protocol. */
  readonly sends: string
  readonly harmless: string
  readonly identity: string
  /** RFC, or the protocol's own documentation. */
  readonly reference: string
}

/** Its id is that of a service of data/services.json. */
interface ProbeFacts extends Facts {
  readonly ports: readonly number[]
}

/** A question of one datagram. */
interface Datagram {
  /** What ties a reply to its request: `64-bit transmit timestamp`. */
  readonly matching: string
  /** The datagram to send. @param random 16 bytes that no one else can know */
  request(random: Uint8Array, context: Pick<ProbeContext, 'contact'>): Buffer
}

export interface TcpProbe extends ProbeFacts {
  readonly transport: 'tcp'
  /** Ports on which TLS comes first. */
  readonly tlsPorts?: readonly number[]
  /** Whether these first bytes of a peer are of this protocol, for peers that were asked for another. */
  readonly recognises?: (first: Buffer) => boolean
  talk(context: ProbeContext): Conversation
}

export interface UdpProbe extends ProbeFacts, Datagram {
  readonly transport: 'udp'
  /** Whether that is little, so that each question has a socket of its own, whose port nobody else knows. */
  readonly ownSocket?: true
  /** What a reply says; undefined when it is no answer to that request. Never throws. */
  read(reply: Buffer, request: Buffer): Finding | undefined
}

/** What came back for one request. */
export interface Replies {
  /** The first of them, 8 KiB in all; the last may be cut. */
  readonly first: readonly Buffer[]
  readonly packets: number
  /** Of their payloads. */
  readonly bytes: number
  /** Whether more may have come than is heard. */
  readonly isCapped: boolean
}

/** A question beyond what identifies a service, asked only where it is named. */
export interface Check extends Facts {
  /** Id of the probe it goes with: it is asked of whom that probe asks. */
  readonly probe: string
}

/**
 * A check by datagrams, after the target's own probe. Each
 * request has a socket of its own, and all replies to it are counted for a moment: what anyone's request would cause. One that
 * nothing came for is sent again, as a probe's is.
 */
export interface UdpCheck extends Check, Datagram {
  /** Whether it is a reply to that request. Never throws. */
  isReply(reply: Buffer, request: Buffer): boolean
  /** What one or more replies say, beside what the probe found. Never throws. */
  read(replies: Replies, request: Buffer): Pick<Finding, 'banner' | 'tags'>
}

export type Probe = TcpProbe | UdpProbe

/**
 * What became of a target. `answered` is the only one that counts as exposed; `local` was not asked, or
 * not all of it, for lack of something on this side: what is known of it counts.
 */
export const probeStatuses = {
  answered: 'an application answered in its protocol',
  foreign: 'another protocol answered than the port’s; it is told as what it is',
  garbled: 'something answered in no protocol that is known here',
  mute: 'the connection was made and nothing was said',
  dropped: 'the connection was made and broken off before anything was said',
  refused: 'the connection was refused',
  silent: 'nothing came back',
  unreachable: 'a router said that the address cannot be reached',
  local: 'it could not be asked, or not all: this machine lacked ports, files or a route',
} as const
export type ProbeStatus = keyof typeof probeStatuses
export const probeStatusNames = Object.keys(probeStatuses) as [ProbeStatus, ...ProbeStatus[]]
