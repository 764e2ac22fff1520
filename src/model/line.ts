/** Whether a line has nothing but ASCII white space: no record, and nothing to reject (DuckDB passes over such lines too). */
export function isBlank(line: Uint8Array): boolean {
  for (const byte of line) if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false
  return true
}
