// The bound: one socket that asks every address for the time, with so many unanswered at a time. Prints what came.
import { createSocket } from 'node:dgram'

const [network = '', mostText = '', timeoutText = ''] = process.argv.slice(2)
const [most, timeout, size] = [Number(mostText), Number(timeoutText), 65_536]
const request = Buffer.alloc(48)
request[0] = 0x23
request.writeUInt32BE(0xec00_0001, 40)
let [begun, replies] = [0, 0]
const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 25 })
let last = performance.now()
const next = () => {
  while (begun < size && begun - replies < most) {
    const host = (begun++ * 196_613) % size
    socket.send(request, 123, `${network}.${host >> 8}.${host & 255}`)
  }
}
socket.on('message', () => {
  replies++
  last = performance.now()
  if (replies === size) socket.close()
  else next()
})
const timer = setInterval(() => {
  if (performance.now() - last > timeout) socket.close()
}, 100)
socket.on('close', () => {
  clearInterval(timer)
  process.stderr.write(`${replies} replies\n`)
})
socket.bind(0, next)
