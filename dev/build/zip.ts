import { crc32, deflateRawSync } from 'node:zlib';

/* Writes the ZIP archives (PKWARE APPNOTE 6.3) that Lambda takes. The same files always make the same bytes. */

/** 1980-01-01 00:00, the earliest of the format, for all files: the archive does not depend on when it was made. */
const DOS_TIME = 0;
const DOS_DATE = (1 << 5) | 1;
/** Made by Unix, so that the permissions are Unix modes: a plain file that all may read, or Lambda could not read it. */
const MADE_BY = (3 << 8) | 20;
const PERMISSIONS = (0o100644 << 16) >>> 0;
const UTF8_NAMES = 1 << 11;
const DEFLATE = 8;

/** Archives files, by name, in the order given. */
export function zip(files: Record<string, Buffer>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const path = Buffer.from(name);
    const packed = deflateRawSync(content, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // the version that can read it: 2.0
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DEFLATE, 4);
    common.writeUInt16LE(DOS_TIME, 6);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);

    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 0, 'latin1');
    entry.writeUInt16LE(MADE_BY, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(PERMISSIONS, 38);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, path);

    const body = [Buffer.from('PK\x03\x04', 'latin1'), common, path, packed];
    bodies.push(...body);
    offset += body.reduce((sum, { length }) => sum + length, 0);
  }
  const count = Object.keys(files).length;
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}
