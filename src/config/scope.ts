import { createHash } from 'node:crypto'
import { z } from 'zod'
import { addressSet, isOfIPv4, parseRange, without, type AddressRange } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import { coverages, vantages, type Scope, type ScopeRange } from '../model/scope.ts'
import { specialBlockIn } from '../model/special-purpose.ts'
import { inOneLine, readYaml } from './yaml.ts'

const words = z.string().trim().min(1).max(1000)
const prefix = z.string().min(1).max(64)
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/, 'as 2026-04-01 or 2026-04-01T09:00Z')

/** scope.yaml: what `census probe` may ask. */
export const scopeSchema = z.strictObject({
  owner: words,
  contact: words.regex(/^[\x20-\x7e]+$/, 'in ASCII: it is sent to whoever is asked'),
  authorisation: words,
  valid: z.strictObject({ from: day, to: day }),
  addresses: z.int().positive(),
  excluded: z.int().nonnegative().optional(),
  coverage: z.enum(coverages),
  vantage: z.enum(vantages),
  private: z.boolean().default(false),
  ranges: z
    .array(z.union([prefix, z.strictObject({ range: prefix, region: words.optional(), owner: words.optional() })]))
    .min(1),
  exclude: z.array(prefix).default([]),
  opt_outs: z.array(prefix).default([]),
  rate: z
    .strictObject({
      per_second: z.int().min(1).max(1_000_000).default(1000),
      per_prefix: z.int().min(1).max(1_000_000).default(100),
    })
    .default({ per_second: 1000, per_prefix: 100 }),
  relay_domain: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i, 'a domain such as relay-test.example.net')
    .optional(),
})

/** An IPv6 range is a list of hosts that somebody knows of: a /64 cannot be swept. */
const mostOfIPv6 = 65_536n
const mostAddresses = 2n ** 24n
const remedy = 'docs/probing.md shows what a scope holds; nothing was sent'

/**
 * Reads a scope. Nothing may be asked unless every line of it is right.
 * @param now milliseconds since 1970
 * @throws CensusError exit 2 for any fault: no such file, one bad line, not valid now, another number of addresses
 */
export async function readScope(path: string, now: number): Promise<Scope> {
  const read = await readYaml(path, scopeSchema, {
    what: 'a scope',
    unreadable: 'name the scope: `census probe --scope scope.yaml`',
    remedy,
  })
  const { value, at, text } = read
  const refuse = (where: string, why: string): never => {
    throw wrongInput(`${path}${where}: ${why}`, remedy)
  }
  const rangeAt = (written: string, ...keys: readonly (string | number)[]): AddressRange => {
    const range = parseRange(written)
    return 'fault' in range ? refuse(at(...keys), `${inOneLine(written)} ${range.fault}`) : range
  }

  const timeAt = (name: 'from' | 'to'): number => {
    const written = value.valid[name]
    const time = Date.parse(written)
    // 30 February is taken for 2 March, and 24:00 for the next day.
    if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(written.replace('Z', '')))
      refuse(at('valid', name), 'there is no such day')
    return time
  }
  const from = timeAt('from')
  const to = timeAt('to') + (value.valid.to.length === 10 ? 86_400_000 - 1 : 0)
  if (to < from) refuse(at('valid', 'to'), 'it ends before it begins')
  if (now < from) refuse(at('valid', 'from'), 'the scope is not valid yet')
  if (now > to) refuse(at('valid', 'to'), 'the scope is not valid any more')

  const ranges = value.ranges.map((given, index): ScopeRange => {
    const { range: written, region, owner } = typeof given === 'string' ? { range: given } : given
    const range = rangeAt(written, 'ranges', index)
    const special = specialBlockIn(range, value.private)
    if (special !== undefined)
      refuse(
        at('ranges', index),
        `${written} has addresses of ${special.prefix}, ${special.name}${special.leave === 'private' ? ': `private: true` lets private ranges be asked' : ''}`,
      )
    if (!isOfIPv4(range.first) && range.last - range.first >= mostOfIPv6)
      refuse(at('ranges', index), `${written} is more than ${mostOfIPv6} addresses: name those that are in use`)
    return { ...range, ...(region === undefined ? {} : { region }), ...(owner === undefined ? {} : { owner }) }
  })
  const placed = ranges.map((range, index) => ({ ...range, index })).toSorted((a, b) => (a.first < b.first ? -1 : 1))
  for (const [index, range] of placed.entries()) {
    const before = placed[index - 1]
    if (before !== undefined && range.first <= before.last)
      refuse(at('ranges', Math.max(range.index, before.index)), 'it has addresses of another range')
  }
  const declared = addressSet(ranges)
  if (declared.size > mostAddresses)
    refuse(at('ranges'), `they are ${declared.size} addresses, more than ${mostAddresses}: make several scopes`)
  if (declared.size !== BigInt(value.addresses))
    refuse(at('addresses'), `the ranges are ${declared.size} addresses, not ${value.addresses}: which is meant?`)
  /** An exclusion that does not exclude what it seems to would let that be asked. */
  const exclusionAt = (written: string, field: 'exclude' | 'opt_outs', index: number): AddressRange => {
    const range = rangeAt(written, field, index)
    if (range.first >> 32n === 0xffffn) refuse(at(field, index), `${written} is of IPv4: write it without ::ffff:`)
    // Prefixes lie within one another or apart. Opt-outs may be one list for many scopes.
    const holds = ({ first }: AddressRange): boolean => first >= range.first && first <= range.last
    if (field === 'exclude' && !declared.has(range.first) && !ranges.some(holds))
      refuse(at(field, index), `${written} has no address of the ranges: which is meant?`)
    return range
  }
  const excluded = addressSet([
    ...value.exclude.map((written, index) => exclusionAt(written, 'exclude', index)),
    ...value.opt_outs.map((written, index) => exclusionAt(written, 'opt_outs', index)),
  ])
  const targets = without(declared, excluded)
  // A file that was cut off before the end of its lists is a scope with fewer of them.
  const taken = declared.size - targets.size
  if (value.excluded !== undefined && taken !== BigInt(value.excluded))
    refuse(at('excluded'), `the exclusions take out ${taken}, not ${value.excluded}: which is meant?`)
  if (targets.size === 0n) refuse(at('exclude'), 'nothing is left to ask')
  return {
    owner: value.owner,
    contact: value.contact,
    authorisation: value.authorisation,
    valid: { from, to },
    isPrivate: value.private,
    coverage: value.coverage,
    vantage: value.vantage,
    ranges: ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1)),
    declared,
    excluded,
    targets,
    rate: { perSecond: value.rate.per_second, perPrefix: value.rate.per_prefix },
    ...(value.relay_domain === undefined ? {} : { relayDomain: value.relay_domain }),
    hash: createHash('sha256').update(text).digest('hex'),
  }
}
