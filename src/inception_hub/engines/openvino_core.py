"""The one `Core` of OpenVINO in this process, which lives as long as the process does.

Its CPU plugin gives the thread a stack for signals. Of several cores the last that goes leaves the thread
with a stack that is gone: the next signal, such as Ctrl-C or a child's end, would end the process.
"""

import openvino as ov

CORE = ov.Core()
