// The bound: one socket that asks every address for the time, with so many unanswered at a time. Prints what came.
import { createSocket } from 'node:dgram'

const [prefix = '', mostText = '', timeoutText = ''] = process.argv.slice(2)
const [most, timeout] = [Number(mostText), Number(timeoutText)]
const [network = '', length] = prefix.split('/')
const size = 2 ** (32 - Number(length))
const first = network.split('.').reduce((bits, byte) => bits * 256 + Number(byte), 0)
const request = Buffer.alloc(48)
request[0] = 0x23
request.writeUInt32BE(0xec00_0001, 40)
let [begun, replies] = [0, 0]
const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 25 })
let last = performance.now()
const next = () => {
  while (begun < size && begun - replies < most) {
    const bits = first + ((begun++ * 196_613) % size)
    socket.send(request, 123, `${bits >>> 24}.${(bits >> 16) & 255}.${(bits >> 8) & 255}.${bits & 255}`)
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
