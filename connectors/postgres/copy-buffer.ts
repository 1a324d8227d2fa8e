/**
 * The bytes of a binary COPY under construction: big-endian primitives over one growing Buffer.
 *
 * A full chunk is handed over and a new one begun: the allocator reuses freed blocks of that size, and a chunk that the
 * socket still holds can never be overwritten.
 */
const CHUNK_BYTES = 256 * 1024;
/** Room beyond a full chunk, so that most rows that cross the mark still fit. */
const SLACK_BYTES = 16 * 1024;
const TWO_32 = 4_294_967_296;
/** Up to here a loop over the characters is faster than a call into the runtime. */
const SHORT_TEXT = 40;

export class CopyBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES + SLACK_BYTES);
  view: DataView = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  /** Bytes written. */
  length = 0;

  /** Whether it is time to `take` the chunk; asked after each row. */
  get isFull(): boolean {
    return this.length >= CHUNK_BYTES;
  }

  /** Makes room for `byteCount` more bytes; the primitives below do not check. */
  reserve(byteCount: number): void {
    if (this.length + byteCount > this.bytes.length) this.grow(byteCount);
  }

  /** The bytes written so far; the buffer starts anew. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.use(Buffer.allocUnsafeSlow(CHUNK_BYTES + SLACK_BYTES));
    this.length = 0;
    return taken;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  int16(value: number): void {
    this.view.setInt16(this.length, value);
    this.length += 2;
  }

  int32(value: number): void {
    this.view.setInt32(this.length, value);
    this.length += 4;
  }

  /** An integer, |value| ≤ 2⁵³. */
  int64(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.view.setInt32(this.length, high);
    this.view.setUint32(this.length + 4, value - high * TWO_32);
    this.length += 8;
  }

  bigInt64(value: bigint): void {
    this.view.setBigInt64(this.length, value);
    this.length += 8;
  }

  float32(value: number): void {
    this.view.setFloat32(this.length, value);
    this.length += 4;
  }

  float64(value: number): void {
    this.view.setFloat64(this.length, value);
    this.length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** UTF-8 bytes of the text; makes its own room. */
  utf8(text: string): void {
    // A UTF-16 unit becomes at most three bytes.
    this.reserve(text.length * 3);
    if (text.length > SHORT_TEXT || !this.shortAscii(text)) this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** Leaves room for a length of 4 bytes, to be filled by `endLength`. */
  beginLength(): number {
    this.reserve(4);
    this.length += 4;
    return this.length;
  }

  endLength(start: number): void {
    this.view.setInt32(start - 4, this.length - start);
  }

  /** Writes the text if it is plain ASCII; else nothing. */
  private shortAscii(text: string): boolean {
    const { bytes, length: start } = this;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[start + i] = code;
    }
    this.length = start + text.length;
    return true;
  }

  private grow(byteCount: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + byteCount));
    larger.set(this.bytes.subarray(0, this.length));
    this.use(larger);
  }

  private use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
