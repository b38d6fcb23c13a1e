// The photos of a folder, in depth, by name. Other files are counted, hidden ones are not looked at.
const MOST = 2000; // of a folder; for more there is the command line
const byName = new Intl.Collator(undefined, { numeric: true }).compare;
const isHidden = (path) => path.split("/").some((part) => part.startsWith("."));

// Of files as `<input webkitdirectory>` gives them, or as `droppedFolder` does: photos as [{ file, name }].
export function photosOf(files) {
  const seen = files.filter(({ name }) => !isHidden(name));
  const photos = seen.filter(({ file }) => file.type.startsWith("image/"));
  photos.sort((one, other) => byName(one.name, other.name));
  return { photos: photos.slice(0, MOST), others: seen.length - photos.length, more: photos.length > MOST, most: MOST };
}

// A folder that was dropped: its name, and `files()`, a promise of those in it as [{ file, name }]. Else null.
// To be called while the event lasts. In a page that is a file Chromium reads no entries, but handles.
export function droppedFolder(item) {
  const entry = item.webkitGetAsEntry?.();
  if (!entry?.isDirectory) return null;
  const handle = item.getAsFileSystemHandle?.();
  return { name: entry.name, files: async () => filesIn((await handle) ?? entry, entry.name) };
}

async function filesIn(folder, path, files = []) {
  const children = await (folder.values ? ofHandle(folder) : ofEntry(folder));
  for (const { name, below, file } of children.sort((one, other) => byName(one.name, other.name))) {
    if (files.length > 2 * MOST) break; // enough to fill a page
    if (!below) files.push({ file: await file(), name: `${path}/${name}` });
    else if (!isHidden(name)) await filesIn(below, `${path}/${name}`, files);
  }
  return files;
}

async function ofHandle(folder) {
  const children = [];
  for await (const child of folder.values()) {
    const isFolder = child.kind === "directory";
    children.push({ name: child.name, below: isFolder && child, file: () => child.getFile() });
  }
  return children;
}

async function ofEntry(folder) {
  const called = (entry, method) => new Promise((done, failed) => entry[method](done, failed));
  const children = [];
  const reader = folder.createReader();
  for (let part; (part = await called(reader, "readEntries")).length;) children.push(...part); // a hundred at a time
  return children.map((child) => ({
    name: child.name, below: child.isDirectory && child, file: () => called(child, "file"),
  }));
}
