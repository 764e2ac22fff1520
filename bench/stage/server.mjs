// Answers on the ports named as a mail server does, whoever is asked; the stage decides which addresses there are.
import { createServer } from 'node:net'

for (const port of process.argv.slice(2).map(Number)) {
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.write('220 mx.example.net ESMTP Postfix\r\n')
    socket.on('data', (bytes) => {
      const said = bytes.toString('latin1')
      if (said.startsWith('EHLO')) socket.write('250 mx.example.net\r\n')
      else if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
    })
  }).listen({ port, host: '0.0.0.0', backlog: 65_535 })
}
