import './problems.ts';
import './rooms.css';

export { ChangePage, NewPage } from './book-page.tsx';
export { ListPage } from './list-page.tsx';
export { RoomPage } from './room-page.tsx';
