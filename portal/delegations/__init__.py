"""An owner lets an integrator act: on what, with which rights, until when."""
