const SVG = 'http://www.w3.org/2000/svg';

/** Strokes of 24 × 24 pictures. */
const PATHS = {
  overview: 'M4 5h7v6H4zM13 5h7v4h-7zM13 11h7v8h-7zM4 13h7v6H4z',
  records: 'M4 6h16M4 12h16M4 18h10',
  profile: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20a7 7 0 0 1 14 0',
  security: 'M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6zM9 12l2 2 4-4',
  sessions: 'M4 5h16v11H4zM9 20h6M12 16v4',
  keys: 'M20 8.5a4.5 4.5 0 1 0-9 0 4.5 4.5 0 0 0 9 0zM12.3 11.7L4 20M6.5 17.5L9 20',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20a6 6 0 0 1 12 0M16 4.5a3.5 3.5 0 0 1 0 6.5M17 14a6 6 0 0 1 4 6',
  executions: 'M12 21a9 9 0 1 0-9-9 9 9 0 0 0 9 9zM12 7v5l3.5 2',
  files: 'M6 3h8l4 4v14H6zM14 3v4h4',
  webhooks:
    'M12 8a3 3 0 1 0-3-3M9 17a3 3 0 1 1-3-3M15 17a3 3 0 1 0 1.5-2.6M9 17h6M10.5 7.5L7.5 14M13.5 7.5l3 6.5',
  activity: 'M4 6h3M4 12h3M4 18h3M10 6h10M10 12h10M10 18h6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  upload: 'M12 15V4M7 8l5-5 5 5M5 20h14',
  chain: 'M10 14a4 4 0 0 1 0-6l3-3a4 4 0 0 1 6 6l-2 2M14 10a4 4 0 0 1 0 6l-3 3a4 4 0 0 1-6-6l2-2',
  system: 'M3 12h4l3-8 4 16 3-8h4',
  docs: 'M7 4h8l4 4v12H7zM15 4v4h4M10 13h6M10 16h6',
  outbox: 'M4 6h16v12H4zM4 7l8 6 8-6',
  menu: 'M4 7h16M4 12h16M4 17h16',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4 4',
  plus: 'M12 5v14M5 12h14',
  transfer: 'M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  out: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
  link: 'M14 5h5v5M19 5l-9 9M17 14v5H5V7h5',
  left: 'M15 6l-6 6 6 6',
  right: 'M9 6l6 6-6 6',
  close: 'M6 6l12 12M18 6L6 18',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
};

/** A picture that says nothing by itself: what it means stands beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name] ?? PATHS.records);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  return svg;
}
