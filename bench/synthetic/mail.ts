import type { Software } from './software.ts'

const ehlo =
  '250-%h\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ETRN\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n'

export const smtp: readonly Software[] = [
  { weight: 34, says: `220 %h ESMTP Postfix\r\n${ehlo}`, product: 'Postfix smtpd', cpe: 'a:postfix:postfix' },
  { weight: 6, says: `220 %h ESMTP Postfix (Ubuntu)\r\n${ehlo}`, product: 'Postfix smtpd', cpe: 'a:postfix:postfix' },
  {
    weight: 13,
    says: '220 %h ESMTP Sendmail %v/%v; %d\r\n250-%h Hello [192.0.2.1], pleased to meet you\r\n250 HELP\r\n',
    product: 'Sendmail',
    versions: ['8.13.8', '8.14.4', '8.14.7', '8.15.2'],
    cpe: 'a:sendmail:sendmail',
  },
  {
    weight: 12,
    says: '220-%h ESMTP Exim %v #2 %d\r\n220-We do not authorize the use of this system to transport unsolicited,\r\n220 and/or bulk e-mail.\r\n',
    product: 'Exim smtpd',
    versions: ['4.76', '4.84', '4.86_1', '4.97.1'],
    cpe: 'a:exim:exim',
  },
  { weight: 18, says: `220 %h ESMTP\r\n${ehlo}` },
  {
    weight: 9,
    says: '220 %h Microsoft ESMTP MAIL Service, Version: %v ready at  %d\r\n250-%h Hello [192.0.2.1]\r\n250-TURN\r\n250 OK\r\n',
    product: 'Microsoft ESMTP',
    versions: ['6.0.3790.4675', '7.5.7601.17514', '8.5.9600.16384'],
    os: 'Windows',
  },
  {
    weight: 4,
    says: '220 %h Microsoft ESMTP MAIL Service ready at %d\r\n',
    product: 'Microsoft Exchange smtpd',
    cpe: 'a:microsoft:exchange_server',
  },
  { weight: 2, says: '220 ************************************************\r\n500 unrecognized command\r\n' },
  { weight: 2, says: '554 5.7.1 %h rejects your connection (%x)\r\n' },
]

export const pop3: readonly Software[] = [
  {
    weight: 55,
    says: '+OK Dovecot ready.\r\n+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nSTLS\r\nUSER\r\nSASL PLAIN\r\n.\r\n',
    product: 'Dovecot pop3d',
    cpe: 'a:dovecot:dovecot',
  },
  { weight: 15, says: '+OK <%n.%t@%h>\r\n' },
  {
    weight: 10,
    says: '+OK Qpopper (version %v) at %h starting.  <%n.%t@%h>\r\n',
    product: 'Qpopper pop3d',
    versions: ['4.0.5', '4.0.9'],
  },
  { weight: 20, says: '+OK Hello there. <%n.%t@%h>\r\n', product: 'Courier pop3d' },
]

export const imap: readonly Software[] = [
  {
    weight: 60,
    says: '* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE STARTTLS AUTH=PLAIN] Dovecot ready.\r\n',
    product: 'Dovecot imapd',
    cpe: 'a:dovecot:dovecot',
  },
  {
    weight: 25,
    says: '* OK [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=REFERENCES SORT QUOTA IDLE STARTTLS] Courier-IMAP ready.\r\n',
    product: 'Courier Imapd',
  },
  { weight: 15, says: '* OK IMAP4 server (%h) ready %d\r\n' },
]
