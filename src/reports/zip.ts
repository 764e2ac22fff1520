import { open } from 'node:fs/promises'
import { crc32, createDeflateRaw } from 'node:zlib'
import { failed } from '../model/errors.ts'

/** The largest size and place that a ZIP archive without ZIP64 can tell. */
const most = 0xffff_ffff
/** 1 January 1980, the first day a ZIP archive knows: an entry holds no time of its making. */
const day = 0x0021
const level = 3

/** An entry of an archive, while it is written. */
export interface ZipEntry {
  write(text: string): Promise<void>
  end(): Promise<void>
}

/** A ZIP archive that is written entry after entry (APPNOTE.TXT 6.3.3 without ZIP64). */
export interface Zip {
  /** Begins an entry; the one before has ended. */
  entry(name: string): Promise<ZipEntry>
  finish(): Promise<void>
  close(): Promise<void>
}

/**
 * @param path of a file that is not there
 * @throws CensusError exit 1 for an entry, or a whole, of 4 GiB
 */
export async function openZip(path: string): Promise<Zip> {
  const file = await open(path, 'wx', 0o600)
  const entries: Buffer[] = []
  let place = 0
  const write = async (bytes: Buffer): Promise<void> => {
    await file.writeFile(bytes)
    place += bytes.length
    if (place > most) throw tooLarge()
  }
  return {
    entry: async (name) => {
      const start = place
      // What is not known yet is written over at the end.
      await write(header(name, 0, 0, 0))
      const begin = place
      const deflate = createDeflateRaw({ level })
      const piped = (async (): Promise<void> => {
        for await (const chunk of deflate) await write(chunk as Buffer)
      })()
      // What went wrong is told when the entry ends.
      piped.catch(() => deflate.destroy())
      let [sum, size] = [0, 0]
      return {
        write: async (text) => {
          const bytes = Buffer.from(text)
          sum = crc32(bytes, sum)
          size += bytes.length
          if (size > most) throw tooLarge()
          if (!deflate.write(bytes))
            await Promise.race([new Promise((drained) => deflate.once('drain', drained)), piped])
        },
        end: async () => {
          deflate.end()
          await piped
          const told = header(name, sum, place - begin, size)
          await file.write(told, 0, told.length, start)
          entries.push(directoryEntry(name, told, start))
        },
      }
    },
    finish: async () => {
      const directory = Buffer.concat(entries)
      const end = Buffer.alloc(22)
      end.writeUInt32LE(0x0605_4b50, 0)
      end.writeUInt16LE(entries.length, 8)
      end.writeUInt16LE(entries.length, 10)
      end.writeUInt32LE(directory.length, 12)
      end.writeUInt32LE(place, 16)
      await write(Buffer.concat([directory, end]))
      await file.sync()
    },
    close: () => file.close(),
  }
}

const tooLarge = (): Error =>
  failed('report.xlsx would be larger than 4 GiB', 'leave xlsx out of --format, or ask for less (--by, --country)')

/** The header before an entry's bytes. */
function header(name: string, sum: number, packed: number, size: number): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.writeUInt32LE(0x0403_4b50, 0)
  bytes.writeUInt16LE(20, 4)
  bytes.writeUInt16LE(8, 8)
  bytes.writeUInt16LE(day, 12)
  bytes.writeUInt32LE(sum, 14)
  bytes.writeUInt32LE(packed, 18)
  bytes.writeUInt32LE(size, 22)
  bytes.writeUInt16LE(name.length, 26)
  return Buffer.concat([bytes, Buffer.from(name)])
}

/** The same in the directory at the end, which also says where the entry is. */
function directoryEntry(name: string, told: Buffer, start: number): Buffer {
  const bytes = Buffer.alloc(46)
  bytes.writeUInt32LE(0x0201_4b50, 0)
  bytes.writeUInt16LE(20, 4)
  told.copy(bytes, 6, 4, 30)
  bytes.writeUInt32LE(start, 42)
  return Buffer.concat([bytes, Buffer.from(name)])
}
