import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressText } from '../../src/store/address-sql.ts'
import { all, openDatabase } from '../../src/store/duckdb.ts'

/** Hextets of which many are 0: where spellings differ. */
const address = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .filter((hextets) => !hextets.slice(0, 5).every((each) => each === 0) || hextets[5] !== 0xffff)

it('writes addresses as the URL standard does, which is as RFC 5952 has it', async () => {
  const database = await openDatabase({ folders: [], temporary: '' })
  try {
    const many = fc
      .sample(address, 2000)
      .map((hextets) => hextets.map((each) => each.toString(16).padStart(4, '0')).join(''))
    const mapped = ['c0a80001', '00000000', 'ffffffff', '01020a64'].map((hex) => `00000000000000000000ffff${hex}`)
    const sql = `SELECT ${addressText('key')} AS text FROM (SELECT unnest([${[...many, ...mapped].map((hex) => `'${hex}'`).join(', ')}])::UUID AS key)`
    expect((await all(database.connection, sql)).map(({ text }) => text)).toEqual([
      ...many.map((hex) => new URL(`http://[${(hex.match(/.{4}/g) ?? []).join(':')}]`).hostname.slice(1, -1)),
      '192.168.0.1',
      '0.0.0.0',
      '255.255.255.255',
      '1.2.10.100',
    ])
  } finally {
    database.close()
  }
})
