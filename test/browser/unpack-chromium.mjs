/**
 * Unpacks Chromium with its libraries and fonts, once for each user and version, and prints the folder.
 * The package unpacks into the folder that TMPDIR names and nowhere else, so this runs in a process of its own.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate } from '@sparticuz/chromium';

const PACKAGE = fileURLToPath(new URL('..', import.meta.resolve('@sparticuz/chromium')));
const ARCHIVES = join(PACKAGE, 'bin');
/** Read before TMPDIR is changed. */
const temporary = tmpdir();

/** The XDG rules: an empty or relative XDG_CACHE_HOME counts as unset. An empty HOME is the user's own. */
function cacheFolder({ XDG_CACHE_HOME: named = '', HOME: home }) {
  const caches = isAbsolute(named) ? named : join(home || userInfo().homedir, '.cache');
  return join(caches, 'browser-tests');
}

/** The fonts of the package first, then those of the machine, if it has any. */
const fontConfig = (folder) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`;

/** Unpacks beside the folder and renames: a crash, or another run at the same time, leaves no half of one. */
async function unpack(folder) {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    process.env.TMPDIR = draft;
    await chromium.executablePath(ARCHIVES);
    // NSS and expat, which Chromium links to and many machines lack. Off AWS Lambda the package leaves them out.
    await inflate(join(ARCHIVES, 'al2023.tar.br'));
    await writeFile(join(draft, 'fonts.conf'), fontConfig(folder));
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** For a home that cannot be written, as containers have it. Others could have made the folder before us. */
async function temporaryFolder() {
  const { uid } = userInfo();
  const folder = join(temporary, `browser-tests-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid: owner } = await lstat(folder);
  if (owner !== uid) throw new Error(`${folder} belongs to somebody else`);
  return folder;
}

const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
const name = `chromium-${version}`;
const folder = await unpack(join(cacheFolder(process.env), name)).catch(async () =>
  unpack(join(await temporaryFolder(), name)),
);
process.stdout.write(folder);
