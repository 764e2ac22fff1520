import type { Reading } from '../../model/reader.ts'
import { at, type Foreign, text } from './observation.ts'

/** A foreign object that is no array. */
export function isObject(value: Foreign): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The first of several fields that says something: each path is tried as one key with dots in it (`country.name`, as flat
 * exports write it), then as keys inside each other. Scalars only.
 */
export function field(value: Foreign, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = text(at(value, path)) ?? (path.includes('.') ? text(at(value, ...path.split('.'))) : undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** A foreign list; anything else is an empty one. */
export function list(value: Foreign): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

/** The reject of an element that is no record of its format. */
export function notARecord(element: { readonly line: number; readonly text: string }, detail: string): Reading {
  return { kind: 'reject', line: element.line, reason: 'not-a-record', detail, text: element.text.slice(0, 1000) }
}
