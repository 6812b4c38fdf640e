const FIN_BINARY = 0x82

/**
 * One unmasked binary message in front of the parts. The header stands ready in the log, so that a viewer costs a
 * plain socket write. RFC 6455, 5.2. The header is valid until the next call.
 */
export function webSocketEnvelope(): (parts: readonly Uint8Array[]) => readonly Uint8Array[] {
  const header = Buffer.alloc(10)
  header[0] = FIN_BINARY
  return (parts) => {
    let length = 0
    for (const part of parts) length += part.length
    return [header.subarray(0, writeLength(header, length)), ...parts]
  }
}

function writeLength(header: Buffer, length: number): number {
  if (length < 126) {
    header[1] = length
    return 2
  }
  if (length < 65_536) {
    header[1] = 126
    header.writeUInt16BE(length, 2)
    return 4
  }
  header[1] = 127
  header.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
  header.writeUInt32BE(length >>> 0, 6)
  return 10
}
