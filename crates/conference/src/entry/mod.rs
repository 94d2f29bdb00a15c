//! Getting in: who asks, whether they may, and what becomes of wrong tries.
