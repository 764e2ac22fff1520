import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Who may look: whoever came by the link that was told, which begins one session and no other. */
export interface Sessions {
  /** The value of Set-Cookie for a new session; undefined for what is no token, or one that came too late. */
  begin(token: string): string | undefined
  /** Whether a Cookie header names a session. */
  has(cookies: string | undefined): boolean
}

export interface SessionOptions {
  /** The cookie's name. Cookies know no ports: two servers of one host must not take each other's. */
  readonly cookie: string
  /** Told the token of each next link: at first, when one was used, and when one came too late. */
  readonly onToken: (token: string) => void
  /** How long a link can be used, in milliseconds. */
  readonly linkMs?: number
  /** How long a session lasts. */
  readonly sessionMs?: number
  readonly now?: () => number
}

/** Sessions open at a time; of more, the first ends. */
const most = 100

/** Links are of 256 random bits, and so are sessions; of both only the hash is held, and compared in constant time. */
export function sessions({
  cookie,
  onToken,
  linkMs = 600_000,
  sessionMs = 43_200_000,
  now = Date.now,
}: SessionOptions): Sessions {
  let open: { readonly hash: Buffer; readonly until: number }[] = []
  const next = (): { readonly hash: Buffer; readonly until: number } => {
    const token = newToken()
    onToken(token)
    return { hash: hashed(token), until: now() + linkMs }
  }
  let link = next()
  return {
    begin: (token) => {
      if (!timingSafeEqual(hashed(token), link.hash)) return undefined
      const isLate = now() > link.until
      link = next()
      if (isLate) return undefined
      const session = newToken()
      open = [...open.slice(-most + 1), { hash: hashed(session), until: now() + sessionMs }]
      return `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`
    },
    has: (cookies = '') => {
      open = open.filter(({ until }) => until >= now())
      const named = cookies.split(';').map((each) => each.trim().split('='))
      const given = named.flatMap(([name, value = '']) => (name === cookie ? [hashed(value)] : []))
      return given.some((each) => open.some(({ hash }) => timingSafeEqual(each, hash)))
    },
  }
}

const newToken = (): string => randomBytes(32).toString('base64url')
const hashed = (text: string): Buffer => createHash('sha256').update(text).digest()
