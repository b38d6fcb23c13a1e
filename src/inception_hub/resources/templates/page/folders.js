// The photos of a folder, in depth, by name. Other files are counted, hidden ones are not looked at.
const MOST = 2000; // of a folder; for more there is the command line
const byName = new Intl.Collator(undefined, { numeric: true }).compare;
const isHidden = (path) => path.split("/").some((part) => part.startsWith("."));

// Of files as `<input webkitdirectory>` gives them, or as `inFolder` does: photos as [{ file, name }].
export function photosOf(files) {
  const seen = files.filter(({ name }) => !isHidden(name));
  const photos = seen.filter(({ file }) => file.type.startsWith("image/"));
  photos.sort((one, other) => byName(one.name, other.name));
  return { photos: photos.slice(0, MOST), others: seen.length - photos.length, more: photos.length > MOST, most: MOST };
}

// The files below a folder that was dropped, as [{ file, name }]; enough of them to fill a page.
export async function inFolder(folder, files = []) {
  const entries = [];
  const reader = folder.createReader();
  for (let part; (part = await called(reader, "readEntries")).length;) entries.push(...part); // a hundred at a time
  for (const entry of entries.sort((one, other) => byName(one.name, other.name))) {
    if (files.length > 2 * MOST) break;
    if (entry.isDirectory && !isHidden(entry.name)) await inFolder(entry, files);
    else if (entry.isFile) files.push({ file: await called(entry, "file"), name: entry.fullPath.slice(1) });
  }
  return files;
}

const called = (entry, method) => new Promise((done, failed) => entry[method](done, failed));
