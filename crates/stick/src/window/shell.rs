//! The window itself: winit gives it a place on the screen, softbuffer takes the picture, AccessKit speaks to screen
//! readers. What stands in it comes from elsewhere.

use std::{
    num::NonZeroU32,
    rc::Rc,
    time::{Duration, Instant},
};

use accesskit_winit::{Adapter, Event as AccessEvent, WindowEvent as AccessWindowEvent};
use egui::Ui;
use softbuffer::{Context as Screen, Surface};
use winit::{
    application::ApplicationHandler,
    dpi::LogicalSize,
    event::{ElementState, KeyEvent, WindowEvent},
    event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy},
    keyboard::{Key, ModifiersState, NamedKey},
    window::{Theme, Window, WindowId},
};

use super::{WindowError, paint::Painter, raster::Picture};

/// The smallest window, in points.
const MIN_SIZE: (f64, f64) = (360.0, 480.0);

/// The most frames that are laid out before the first is shown.
const SETTLING_FRAMES: u8 = 4;

/// What wakes the window up.
#[derive(Debug)]
pub(crate) enum Wake {
    /// There is something new to show.
    News,
    /// A screen reader has a wish.
    Access(AccessEvent),
}

impl From<AccessEvent> for Wake {
    fn from(event: AccessEvent) -> Self {
        Self::Access(event)
    }
}

/// What stands in a window.
pub(crate) trait Content {
    /// The title.
    fn title(&self) -> String;
    /// Draws everything; `false` closes the window.
    fn show(&mut self, ui: &mut Ui, dark: bool) -> bool;
    /// The person wants to close the window: whether it may.
    fn may_close(&mut self) -> bool;
    /// The size has changed, in points.
    fn resized(&mut self, size: (u32, u32));
    /// What to do when the window is there.
    fn opened(&mut self, proxy: EventLoopProxy<Wake>);
}

struct Shell<C> {
    content: C,
    size: (u32, u32),
    proxy: EventLoopProxy<Wake>,
    open: Option<Open>,
    failed: Option<WindowError>,
}

struct Open {
    window: Rc<Window>,
    surface: Surface<Rc<Window>, Rc<Window>>,
    adapter: Adapter,
    input: egui_winit::State,
    painter: Painter,
    picture: Picture,
    clipboard: Option<arboard::Clipboard>,
    modifiers: ModifiersState,
    settling: u8,
    title: String,
}

/// Shows a window until it is closed. Must be called by the program's first thread.
pub(crate) fn run(content: impl Content, size: (u32, u32)) -> Result<(), WindowError> {
    let events = EventLoop::<Wake>::with_user_event().build().map_err(|error| WindowError::Screen(error.into()))?;
    let proxy = events.create_proxy();
    let mut shell = Shell { content, size, proxy, open: None, failed: None };
    events.run_app(&mut shell).map_err(|error| WindowError::Screen(error.into()))?;
    shell.failed.map_or(Ok(()), Err)
}

impl Open {
    fn new(
        events: &ActiveEventLoop,
        proxy: EventLoopProxy<Wake>,
        title: String,
        size: (u32, u32),
    ) -> Result<Self, WindowError> {
        let (width, height) = (f64::from(size.0).max(MIN_SIZE.0), f64::from(size.1).max(MIN_SIZE.1));
        let attributes = Window::default_attributes()
            .with_title(&title)
            .with_inner_size(LogicalSize::new(width, height))
            .with_min_inner_size(LogicalSize::new(MIN_SIZE.0, MIN_SIZE.1))
            // Screen readers must know it before it can be seen.
            .with_visible(false);
        let window = events.create_window(attributes).map_err(|error| WindowError::Screen(error.into()))?;
        let adapter = Adapter::with_event_loop_proxy(events, &window, proxy);
        let window = Rc::new(window);
        let failed = |error: softbuffer::SoftBufferError| WindowError::Screen(error.into());
        let screen = Screen::new(Rc::clone(&window)).map_err(failed)?;
        let surface = Surface::new(&screen, Rc::clone(&window)).map_err(failed)?;
        let painter = Painter::new();
        let id = egui::ViewportId::ROOT;
        let input = egui_winit::State::new(painter.context().clone(), id, events, None, None, None);
        window.set_visible(true);
        window.request_redraw();
        let picture = Picture::new(0, 0);
        Ok(Self {
            window,
            surface,
            adapter,
            input,
            painter,
            picture,
            clipboard: None,
            modifiers: ModifiersState::empty(),
            settling: SETTLING_FRAMES,
            title,
        })
    }

    fn is_dark(&self) -> bool {
        match self.window.theme() {
            Some(theme) => theme == Theme::Dark,
            // X11 does not tell; GTK's setting is the nearest.
            None => std::env::var("GTK_THEME").is_ok_and(|name| name.ends_with("dark")),
        }
    }

    /// Shows a frame; `None` closes the window, else when the next one is due.
    fn redraw(&mut self, content: &mut impl Content) -> Result<Option<Duration>, WindowError> {
        let dark = self.is_dark();
        let mut stays = true;
        let mut next = |open: &mut Self| {
            let input = open.input.take_egui_input(&open.window);
            open.painter.frame(input, |ui| stays &= content.show(ui, dark))
        };
        let mut frame = next(self);
        // Sizes, colours and focus settle within a few frames; the first one that is seen is right.
        while self.settling > 0 && frame.again.is_zero() {
            self.settling -= 1;
            frame = next(self);
        }
        self.settling = 0;
        if !stays {
            return Ok(None);
        }
        for command in &frame.platform.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                self.clipboard(|clipboard| clipboard.set_text(text.clone()));
            }
        }
        if let Some(tree) = frame.tree.clone() {
            self.adapter.update_if_active(|| tree);
        }
        self.present(&frame)?;
        self.input.handle_platform_output(&self.window, frame.platform);
        let title = content.title();
        if title != self.title {
            self.window.set_title(&title);
            self.title = title;
        }
        Ok(Some(frame.again))
    }

    fn present(&mut self, frame: &super::paint::Frame) -> Result<(), WindowError> {
        let size = self.window.inner_size();
        let (Some(width), Some(height)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height)) else {
            return Ok(());
        };
        let failed = |error: softbuffer::SoftBufferError| WindowError::Screen(error.into());
        self.surface.resize(width, height).map_err(failed)?;
        let (width, height) = (size.width as usize, size.height as usize);
        if (self.picture.width, self.picture.height) != (width, height) {
            self.picture = Picture::new(width, height);
        }
        self.painter.draw(frame, &mut self.picture);
        let mut buffer = self.surface.buffer_mut().map_err(failed)?;
        // A window larger than the largest picture keeps a black edge.
        for (to, from) in
            buffer.chunks_exact_mut(width).zip(self.picture.pixels.chunks_exact(self.picture.width.max(1)))
        {
            to[..from.len()].copy_from_slice(from);
        }
        self.window.pre_present_notify();
        buffer.present().map_err(failed)
    }

    /// The clipboard, as long as it is needed and if there is one.
    fn clipboard<T>(&mut self, act: impl FnOnce(&mut arboard::Clipboard) -> Result<T, arboard::Error>) -> Option<T> {
        if self.clipboard.is_none() {
            self.clipboard = arboard::Clipboard::new().ok();
        }
        self.clipboard.as_mut().and_then(|clipboard| act(clipboard).ok())
    }

    /// The toolkit pastes what it was last told of; so it is told before it sees the keys.
    fn prepare_paste(&mut self, event: &WindowEvent) {
        let WindowEvent::KeyboardInput { event: KeyEvent { logical_key, state: ElementState::Pressed, .. }, .. } =
            event
        else {
            return;
        };
        let pastes = match logical_key {
            Key::Named(NamedKey::Paste | NamedKey::Insert) => true,
            Key::Character(character) => character.eq_ignore_ascii_case("v"),
            _ => false,
        };
        if pastes && (self.modifiers.control_key() || self.modifiers.shift_key()) {
            let text = self.clipboard(arboard::Clipboard::get_text).unwrap_or_default();
            self.input.set_clipboard_text(text.lines().next().unwrap_or_default().to_owned());
        }
    }
}

impl<C: Content> Shell<C> {
    fn redraw(&mut self, events: &ActiveEventLoop) {
        let Some(open) = &mut self.open else { return };
        match open.redraw(&mut self.content) {
            Ok(None) => events.exit(),
            Ok(Some(again)) if again.is_zero() => {
                events.set_control_flow(ControlFlow::Wait);
                open.window.request_redraw();
            }
            Ok(Some(again)) => {
                let next = Instant::now().checked_add(again);
                events.set_control_flow(next.map_or(ControlFlow::Wait, ControlFlow::WaitUntil));
            }
            Err(error) => self.fail(events, error),
        }
    }

    fn fail(&mut self, events: &ActiveEventLoop, error: WindowError) {
        self.failed = Some(error);
        events.exit();
    }
}

impl<C: Content> ApplicationHandler<Wake> for Shell<C> {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.open.is_some() {
            return;
        }
        match Open::new(events, self.proxy.clone(), self.content.title(), self.size) {
            Ok(open) => {
                self.open = Some(open);
                self.content.opened(self.proxy.clone());
            }
            Err(error) => self.fail(events, error),
        }
    }

    fn new_events(&mut self, _: &ActiveEventLoop, cause: winit::event::StartCause) {
        if let (winit::event::StartCause::ResumeTimeReached { .. }, Some(open)) = (cause, &self.open) {
            open.window.request_redraw();
        }
    }

    fn user_event(&mut self, _: &ActiveEventLoop, wake: Wake) {
        let Some(open) = &mut self.open else { return };
        if let Wake::Access(AccessEvent { window_event, .. }) = wake {
            match window_event {
                AccessWindowEvent::InitialTreeRequested => open.painter.context().enable_accesskit(),
                AccessWindowEvent::ActionRequested(request) => {
                    open.input.egui_input_mut().events.push(egui::Event::AccessKitActionRequest(request));
                }
                AccessWindowEvent::AccessibilityDeactivated => open.painter.context().disable_accesskit(),
            }
        }
        open.window.request_redraw();
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(open) = &mut self.open else { return };
        open.adapter.process_event(&open.window, &event);
        open.prepare_paste(&event);
        match &event {
            WindowEvent::RedrawRequested => return self.redraw(events),
            WindowEvent::CloseRequested if self.content.may_close() => return events.exit(),
            WindowEvent::ModifiersChanged(modifiers) => open.modifiers = modifiers.state(),
            WindowEvent::Resized(size) => {
                let points = size.to_logical::<u32>(open.window.scale_factor());
                self.content.resized((points.width, points.height));
            }
            _ => {}
        }
        if open.input.on_window_event(&open.window, &event).repaint || matches!(event, WindowEvent::CloseRequested) {
            open.window.request_redraw();
        }
    }
}
