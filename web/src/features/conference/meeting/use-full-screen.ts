import { useEffect, useState } from 'react';

/** Whether the page fills the screen, and how to change that. Not every phone can. */
export function useFullScreen(): { full: boolean; possible: boolean; toggle: () => void } {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const change = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', change);
    return () => {
      document.removeEventListener('fullscreenchange', change);
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, []);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    // The whole document: menus and messages are mounted beside the page, not in it.
    else void document.documentElement.requestFullscreen({ navigationUI: 'hide' });
  };
  return { full, possible: document.fullscreenEnabled, toggle };
}
