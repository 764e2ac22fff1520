import type { Replies } from '../../model/probe.ts'

/**
 * What came for what was sent, and the bandwidth amplification factor: payload bytes that come back for each that is sent
 * (C. Rossow, Amplification Hell, NDSS 2014). `4,460 bytes in 10 packets for 8 bytes (557.5 times)`
 */
export function amplification({ packets, bytes, isCapped }: Replies, request: Buffer): string {
  const factor = (bytes / request.length).toFixed(1).replace(/\.0$/, '')
  const came = `${counted(bytes, 'byte')} in ${counted(packets, 'packet')}`
  return `${came} for ${counted(request.length, 'byte')} (${factor} times${isCapped ? ', cut off at the cap' : ''})`
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
