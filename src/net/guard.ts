import { addressNumber, ipv4Bits } from '../model/address-set.ts'
import type { Scope } from '../model/scope.ts'
import { specialPurpose } from '../model/special-purpose.ts'

/**
 * Says of a literal address, in the very spelling it is going to be dialled with, why nothing may be sent to it; undefined
 * when it may. Asked immediately before each packet's socket, it shares nothing with the plan of whom to ask but the
 * ranges themselves.
 * @param now milliseconds since 1970
 */
export type Guard = (address: string, now: number) => string | undefined

export function scopeGuard({ declared, excluded, isPrivate, valid }: Scope): Guard {
  const special = specialPurpose(isPrivate)
  return (text, now) => {
    const address = ipv4Bits(text) ?? addressNumber(text)
    if (address === undefined) return 'it is no literal address'
    if (!declared.has(address)) return 'it is not in the scope'
    if (excluded.has(address)) return 'it is excluded'
    const block = special(address)
    if (block !== undefined) return `it is of special purpose: ${block}`
    // So that a time that is no number is not within.
    return now >= valid.from && now <= valid.to ? undefined : 'the scope is not valid now'
  }
}

/** Something was about to be sent where nothing may be. A defect: what is asked comes from the same scope. */
export class OffScope extends Error {
  constructor(address: string, why: string) {
    super(`${address} must not be asked: ${why}`)
    this.name = 'OffScope'
  }
}
