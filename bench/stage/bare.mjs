// The bound: a loop of net.connect with so many in flight, each until its banner, a refusal, or the timeout. Prints what it found.
import { connect } from 'node:net'

const [network = '', mostText = '', timeoutText = '', ...ports] = process.argv.slice(2)
const [most, timeout, size] = [Number(mostText), Number(timeoutText), 65_536 * ports.length]
let [begun, inFlight, open, banners] = [0, 0, 0, 0]
const next = () => {
  while (inFlight < most && begun < size) {
    // Any order that spreads will do: a step that has no factor in common with the size.
    const target = (begun++ * 196_613) % size
    const host = Math.floor(target / ports.length)
    inFlight++
    const socket = connect({
      host: `${network}.${host >> 8}.${host & 255}`,
      port: Number(ports[target % ports.length]),
    })
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      inFlight--
      socket.destroy()
      next()
    }
    socket.setTimeout(timeout, end)
    socket.on('connect', () => open++)
    socket.on('error', end)
    socket.on('data', () => {
      banners++
      end()
    })
  }
  if (inFlight === 0) process.stderr.write(`${open} open, ${banners} banners\n`)
}
next()
