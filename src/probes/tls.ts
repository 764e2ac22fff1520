import type { TlsFacts } from '../model/probe.ts'

const mostNames = 32

/** Host names of a certificate, as an observation has them: no wildcards, nothing that is no name. */
export const certificateNames = (tls: TlsFacts | undefined): readonly string[] =>
  (tls?.names ?? [])
    .map((name) => name.toLowerCase())
    .filter((name) => /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/.test(name))
    .slice(0, mostNames)
